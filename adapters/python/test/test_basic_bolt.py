"""Basic bolts in child processes: anchors, acks, failures, ticks, heartbeats, and the exact bytes of it."""

import unittest

from polybolt import BasicBolt, BatchingBolt, Bolt, ReliableSpout, Spout
from support import SYNC, Child, ack, command, converse, emit, fail, heartbeat, python, reference, tick, tup

BOLT = reference('bolt.py')


class BasicBoltTest(unittest.TestCase):
    def test_an_emit_is_anchored_to_the_input_which_is_acked_after_it(self):
        child = converse(BOLT, tup(7, 'echo', 'a', 1))
        self.assertEqual(child.messages, [emit(7, 'echo', 'a', 1), ack(7)])
        self.assertEqual((child.code, child.stderr), (0, ''))

    def test_messages_are_one_line_without_spaces_and_their_keys_in_the_order_of_the_contract(self):
        child = converse(
            BOLT,
            tup(-7, 'echo', {'b': 1, 'a': None}),
            tup(8, 'emit_stream', 'words', 'x'),
            tup(9, 'emit_direct', 4, 'y'),
        )
        self.assertEqual(
            child.texts,
            [
                '{"command":"emit","anchors":["-7"],"need_task_ids":false,"tuple":["echo",{"b":1,"a":null}]}',
                '{"command":"ack","id":"-7"}',
                '{"command":"emit","anchors":["8"],"stream":"words","need_task_ids":false,"tuple":["x"]}',
                '{"command":"ack","id":"8"}',
                '{"command":"emit","anchors":["9"],"task":4,"need_task_ids":false,"tuple":["y"]}',
                '{"command":"ack","id":"9"}',
            ],
        )

    def test_many_emits_keep_their_order(self):
        child = converse(BOLT, tup(1, 'emit_many', 500))
        self.assertEqual(child.messages, [emit(1, 'emit_many', i) for i in range(500)] + [ack(1)])

    def test_an_exception_is_reported_with_its_trace_the_input_failed_and_the_process_lives_on(self):
        child = converse(BOLT, tup(1, 'throw', 'w\u00fcrf'), tup(2, 'echo'))
        error = child.messages[0]
        self.assertEqual(error['command'], 'error')
        self.assertTrue(error['msg'].startswith('Traceback (most recent call last):\n'), error)
        self.assertTrue(error['msg'].endswith('\nRuntimeError: w\u00fcrf'), error)
        self.assertIn('in do_throw', error['msg'])
        self.assertEqual(child.messages[1:], [fail(1), emit(2, 'echo'), ack(2)])
        self.assertEqual(child.code, 0)

    def test_an_author_fails_a_tuple_without_an_error(self):
        self.assertEqual(converse(BOLT, tup(1, 'fail')).messages, [fail(1)])

    def test_a_tuple_that_its_author_settled_is_neither_acked_nor_failed_again(self):
        child = converse(
            python('''
                from polybolt import BasicBolt
                class Hasty(BasicBolt):
                    def process(self, tuple):
                        self.ack(tuple)
                        self.emit(['after'])
                        raise RuntimeError('late')
                Hasty().run()
            '''),
            tup(1),
        )
        self.assertEqual(child.messages[0], ack(1))
        self.assertEqual(child.messages[1], {'command': 'emit', 'need_task_ids': False, 'tuple': ['after']})
        self.assertEqual(child.messages[2]['command'], 'error')
        self.assertEqual(len(child.messages), 3)

    def test_a_value_that_json_cannot_hold_is_reported_and_the_input_failed(self):
        child = converse(BOLT, tup(1, 'unencodable'), tup(2, 'echo'))
        self.assertEqual(child.messages[0]['command'], 'error')
        self.assertIn('UnencodableValue: cannot write value 0 as JSON: Object of type object', child.messages[0]['msg'])
        self.assertEqual(child.messages[1:], [fail(1), emit(2, 'echo'), ack(2)])

    def test_an_unencodable_value_raises_from_emit_before_a_byte_is_written(self):
        child = converse(
            python('''
                from polybolt import BasicBolt, UnencodableValue
                class Careful(BasicBolt):
                    def process(self, tuple):
                        try:
                            self.emit(['a', {1, 2}], stream='s', need_task_ids=True)
                        except UnencodableValue:
                            self.emit(['a', [1, 2]])
                Careful().run()
            '''),
            tup(1),
        )
        self.assertEqual(child.messages, [emit(1, 'a', [1, 2]), ack(1)])

    def test_anchors_of_the_authors_own_take_the_place_of_the_input(self):
        child = converse(
            python('''
                from polybolt import BasicBolt
                class Own(BasicBolt):
                    def process(self, tuple):
                        self.emit(['free'], anchors=[])
                        self.emit(['one'], anchors=tuple)
                        self.emit(['two'], anchors=[tuple, tuple], stream='s')
                Own().run()
            '''),
            tup(1),
        )
        self.assertEqual(
            child.texts,
            [
                '{"command":"emit","need_task_ids":false,"tuple":["free"]}',
                '{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["one"]}',
                '{"command":"emit","anchors":["1","1"],"stream":"s","need_task_ids":false,"tuple":["two"]}',
                '{"command":"ack","id":"1"}',
            ],
        )

    def test_a_tuple_has_id_component_stream_task_and_values(self):
        child = converse(
            python('''
                from polybolt import BasicBolt
                class Show(BasicBolt):
                    def process(self, tuple):
                        self.emit([tuple.id, tuple.component, tuple.stream, tuple.task, tuple.values, repr(tuple)])
                Show().run()
            '''),
            tup(5, 'v', comp='c', stream='s', task=9),
        )
        shown = "Tuple(id='5', component='c', stream='s', task=9, values=['v'])"
        self.assertEqual(child.messages, [emit(5, '5', 'c', 's', 9, ['v'], shown), ack(5)])

    def test_the_configuration_reaches_prepare(self):
        child = converse(BOLT, tup(1, 'conf', 'a.b'), tup(2, 'conf', 'none'), conf={'a.b': [1]})
        self.assertEqual(child.messages[0], emit(1, 'conf', 'a.b', [1]))
        self.assertEqual(child.messages[2], emit(2, 'conf', 'none', None))

    def test_the_context_reaches_prepare(self):
        child = converse(
            python('''
                from polybolt import BasicBolt
                class Who(BasicBolt):
                    def prepare(self, conf, context):
                        self.emit([context['taskid']], stream='who')
                Who().run()
            '''),
            context={'taskid': 12},
        )
        self.assertEqual(child.texts, ['{"command":"emit","stream":"who","need_task_ids":false,"tuple":[12]}'])


class TickTest(unittest.TestCase):
    def test_a_tick_is_passed_to_process_tick_and_acked(self):
        child = converse(BOLT, tick(1), tick(2), tup(3, 'ticks'))
        self.assertEqual(child.messages, [ack(1), ack(2), emit(3, 'ticks', 2), ack(3)])

    def test_by_default_a_tick_does_nothing_but_being_acked(self):
        child = converse(
            python('''
                from polybolt import BasicBolt
                class Never(BasicBolt):
                    def process(self, tuple):
                        self.emit(['never'])
                Never().run()
            '''),
            tick(1),
        )
        self.assertEqual(child.messages, [ack(1)])

    def test_a_tick_is_known_by_component_and_stream_together(self):
        child = converse(BOLT, tup(1, 'echo', comp='__system', stream='other'), tup(2, 'echo', stream='__tick'))
        self.assertEqual(child.messages, [emit(1, 'echo'), ack(1), emit(2, 'echo'), ack(2)])

    def test_a_tick_that_raises_is_reported_and_failed(self):
        child = converse(
            python('''
                from polybolt import BasicBolt
                class Bad(BasicBolt):
                    def process_tick(self, tuple):
                        self.emit(['before'])
                        raise RuntimeError('tock')
                Bad().run()
            '''),
            tick(1),
            tick(2),
        )
        self.assertEqual([message['command'] for message in child.messages], ['emit', 'error', 'fail'] * 2)
        self.assertEqual(child.messages[0], emit(1, 'before'))
        self.assertEqual(child.code, 0)


class HeartbeatTest(unittest.TestCase):
    def test_heartbeats_are_answered_in_order(self):
        child = converse(BOLT, heartbeat(1), tup(2, 'echo'), heartbeat(3), tup(4, 'fail'))
        self.assertEqual(child.messages, [SYNC, emit(2, 'echo'), ack(2), SYNC, fail(4)])

    def test_a_heartbeat_without_comp_is_answered_too(self):
        message = heartbeat(1)
        del message['comp']
        self.assertEqual(converse(BOLT, message, tup(2, 'fail')).messages, [SYNC, fail(2)])

    def test_a_heartbeat_of_a_named_component_is_answered_too(self):
        message = dict(heartbeat(1), comp='1')
        self.assertEqual(converse(BOLT, message).messages, [SYNC])


class UnknownTest(unittest.TestCase):
    def test_unknown_commands_and_unknown_keys_are_ignored(self):
        extended = dict(tup(1, 'echo'), colour='blue')
        child = converse(BOLT, command('dance'), {}, extended, [9], tup(2, 'fail'))
        self.assertEqual(child.messages, [emit(1, 'echo'), ack(1), fail(2)])
        self.assertEqual(child.code, 0)

    def test_an_id_that_is_no_string_is_echoed_as_it_came(self):
        child = converse(BOLT, dict(tup(1, 'echo'), id=12))
        self.assertEqual(child.texts[1], '{"command":"ack","id":12}')


class NamesTest(unittest.TestCase):
    def test_private_names_that_do_not_start_with_pb_are_the_authors(self):
        for base in (BasicBolt, BatchingBolt, Bolt, ReliableSpout, Spout):
            private = [name for name in dir(base) if name.startswith('_') and not name.startswith('__')]
            self.assertTrue(private)
            self.assertEqual([name for name in private if not name.startswith('_pb_')], [])


class ReferenceOrdersTest(unittest.TestCase):
    def test_sleep_emits_after_so_many_milliseconds(self):
        self.assertEqual(converse(BOLT, tup(1, 'sleep', 1)).messages, [emit(1, 'sleep', 1), ack(1)])

    def test_an_unknown_order_is_an_error(self):
        child = converse(BOLT, tup(1, 'dance'))
        self.assertIn("knows no order 'dance'", child.messages[0]['msg'])
        self.assertEqual(child.messages[1], fail(1))

    def test_the_conversation_works_turn_by_turn(self):
        with Child(BOLT) as child:
            self.assertEqual(child.start(), {'pid': child.process.pid})
            for i in range(20):
                child.send(tup(i, 'echo', i))
                self.assertEqual([child.read(), child.read()], [emit(i, 'echo', i), ack(i)])
            self.assertEqual(child.finish().code, 0)


if __name__ == '__main__':
    unittest.main()
