"""The examples do what their first lines say."""

import os
import tempfile
import unittest

from support import INTERPRETER, PACKAGE, SYNC, ack, command, converse, emit, tick, tup


def example(name, *arguments):
    return INTERPRETER + [os.path.join(PACKAGE, 'examples', name)] + list(arguments)


class ExamplesTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = os.path.join(directory.name, 'lines.txt')
        with open(self.path, 'w', encoding='utf-8') as file:
            file.write('one\nzw\u00f6lf\r\n')

    def test_split_emits_the_words_of_a_sentence(self):
        child = converse(example('split.py'), tup(1, "Don't panic, 42!"))
        self.assertEqual(child.messages, [emit(1, 'don'), emit(1, 't'), emit(1, 'panic'), ack(1)])

    def test_count_emits_each_word_with_its_count(self):
        child = converse(example('count.py'), tup(1, 'a'), tup(2, 'a'), tick(3))
        said = {'command': 'log', 'msg': '1 different words so far', 'level': 2}
        self.assertEqual(child.messages, [emit(1, 'a', 1), ack(1), emit(2, 'a', 2), ack(2), said, ack(3)])

    def test_lines_emits_the_lines_of_a_file(self):
        child = converse(example('lines.py', self.path), command('next'), command('next'))
        emits = [{'command': 'emit', 'need_task_ids': False, 'tuple': [line]} for line in ('one', 'zw\u00f6lf')]
        self.assertEqual(child.messages, emits + [SYNC, SYNC])

    def test_reliable_lines_emits_a_failed_line_again(self):
        child = converse(example('reliable_lines.py', self.path), command('next'), command('fail', 1), command('next'))
        line = {'command': 'emit', 'id': 1, 'need_task_ids': False, 'tuple': ['one']}
        said = {'command': 'log', 'msg': 'line 1 failed and is emitted again', 'level': 3}
        self.assertEqual(child.messages, [line, SYNC, said, SYNC, line, SYNC])

    def test_totals_emits_one_total_a_key_at_a_tick(self):
        child = converse(example('totals.py'), tup(1, 'a', 2), tup(2, 'a', 3), tick(3))
        total = {'command': 'emit', 'anchors': ['1', '2'], 'need_task_ids': False, 'tuple': ['a', 5]}
        self.assertEqual(child.messages, [total, ack(1), ack(2), ack(3)])


if __name__ == '__main__':
    unittest.main()
