"""JSON text of values: what can be written, and what an author is told of what cannot."""

import unittest

from polybolt.encode import encode, encode_id, encode_values
from polybolt.errors import UnencodableValue
from polybolt.task_ids import known_task_ids


class EncodeTest(unittest.TestCase):
    def test_values_are_written_without_spaces_and_in_utf_8(self):
        self.assertEqual(
            encode_values(['w\u00fcrf', 1, 1.0, True, None, {'b': [1], 'a': {}}]),
            '["w\u00fcrf",1,1.0,true,null,{"b":[1],"a":{}}]',
        )

    def test_a_line_break_in_a_string_is_escaped(self):
        self.assertEqual(encode_values(['a\nend\nb\r\u0000"\\']), '["a\\nend\\nb\\r\\u0000\\"\\\\"]')

    def test_a_tuple_of_values_is_written_as_a_list(self):
        self.assertEqual(encode_values((1, 2)), '[1,2]')

    def test_no_number_is_no_finite_number(self):
        self.assertEqual(encode_values([float('nan'), float('inf'), -float('inf')]), '[NaN,Infinity,-Infinity]')

    def test_task_ids_are_written_as_a_list(self):
        self.assertEqual(encode_values([known_task_ids([3, 4])]), '[[3,4]]')
        self.assertEqual(encode_values(known_task_ids([3, 4])), '[3,4]')

    def test_an_id_may_be_any_json(self):
        self.assertEqual([encode_id(id) for id in ('-7', 0, '', [1], 'a"b')], ['"-7"', '0', '""', '[1]', '"a\\"b"'])


class UnencodableTest(unittest.TestCase):
    def message_for(self, values):
        with self.assertRaises(UnencodableValue) as caught:
            encode_values(values)
        self.assertIsInstance(caught.exception, TypeError)
        self.assertIsInstance(caught.exception, ValueError)
        return str(caught.exception)

    def test_the_error_names_the_value_its_type_and_its_place(self):
        self.assertEqual(
            self.message_for(['fine', {1, 1}]),
            'cannot write value 1 as JSON: Object of type set is not JSON serializable; it is {1}. '
            'Emit strings, numbers, booleans, None, lists and dicts',
        )

    def test_bytes_and_unusual_keys_are_refused(self):
        self.assertIn('Object of type bytes is not', self.message_for([b'x']))
        self.assertIn('keys must be str, int, float, bool or None, not tuple', self.message_for([{(1, 2): 3}]))

    def test_a_value_that_holds_itself_is_refused(self):
        loop = []
        loop.append(loop)
        self.assertIn('it refers to itself or is nested too deep', self.message_for([loop]))

    def test_values_that_are_no_list_are_refused(self):
        self.assertEqual(
            self.message_for('word'), 'cannot emit str: the values of a tuple are a list, as in emit([word])'
        )
        self.assertIn('cannot emit generator', self.message_for(x for x in 'ab'))

    def test_a_value_that_cannot_even_be_shown_is_refused(self):
        class Rude(object):
            def __repr__(self):
                raise RuntimeError('no')

        self.assertIn('it is a Rude', self.message_for([Rude()]))

    def test_the_next_value_after_a_refused_one_is_written(self):
        broken = {'a': object()}
        self.message_for([broken])
        self.message_for([broken])
        self.assertEqual(encode([{'a': 1}]), '[{"a":1}]')


if __name__ == '__main__':
    unittest.main()
