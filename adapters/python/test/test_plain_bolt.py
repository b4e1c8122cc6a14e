"""Plain bolts in child processes: the author acks, fails and anchors; an exception ends the process."""

import unittest

from support import Child, ack, converse, emit, fail, heartbeat, python, reference, tick, tup, SYNC

BOLT = reference('plain-bolt.py')


class PlainBoltTest(unittest.TestCase):
    def test_it_acks_itself_and_names_its_anchors(self):
        self.assertEqual(converse(BOLT, tup(1, 'echo', 'x')).messages, [emit(1, 'echo', 'x'), ack(1)])

    def test_the_library_acks_nothing_by_itself(self):
        child = converse(BOLT, tup(1, 'hold'), heartbeat(2))
        self.assertEqual(child.messages, [SYNC])

    def test_a_join_is_anchored_to_all_its_inputs(self):
        child = converse(BOLT, tup(1, 'hold'), tup(2, 'hold'), tup(3, 'join'), tup(4, 'release'))
        joined = {'command': 'emit', 'anchors': ['1', '2', '3'], 'need_task_ids': False, 'tuple': ['join', 2]}
        self.assertEqual(child.messages, [joined, ack(1), ack(2), ack(3), ack(4)])

    def test_held_tuples_are_released_in_order(self):
        child = converse(BOLT, tup(1, 'hold'), tup(2, 'hold'), tup(3, 'release'))
        self.assertEqual(child.messages, [ack(1), ack(2), ack(3)])

    def test_an_emit_without_anchors_has_no_anchors_key(self):
        child = converse(BOLT, tup(1, 'unanchored', 'x'))
        self.assertEqual(child.texts[0], '{"command":"emit","need_task_ids":false,"tuple":["unanchored","x"]}')

    def test_ticks_are_acked_by_the_library(self):
        self.assertEqual(converse(BOLT, tick(1)).messages, [ack(1)])

    def test_an_unencodable_value_is_reported_the_tuple_failed_and_the_process_lives_on(self):
        child = converse(BOLT, tup(1, 'unencodable'), tup(2, 'echo'))
        self.assertEqual(child.messages[0]['command'], 'error')
        self.assertIn('Object of type object is not JSON serializable', child.messages[0]['msg'])
        self.assertEqual(child.messages[1:], [fail(1), emit(2, 'echo'), ack(2)])
        self.assertEqual(child.code, 0)

    def test_an_unencodable_value_after_the_ack_fails_nothing(self):
        child = converse(
            python('''
                from polybolt import Bolt
                class Late(Bolt):
                    def process(self, tuple):
                        self.ack(tuple)
                        self.emit([b'x'])
                Late().run()
            '''),
            tup(1),
            tup(2),
        )
        self.assertEqual([message['command'] for message in child.messages], ['ack', 'error'] * 2)

    def test_an_unencodable_value_at_a_tick_fails_the_tick(self):
        child = converse(
            python('''
                from polybolt import Bolt
                class Bad(Bolt):
                    def process_tick(self, tuple):
                        self.emit([b'x'])
                Bad().run()
            '''),
            tick(1),
        )
        self.assertEqual([child.messages[0]['command'], child.messages[1]], ['error', fail(1)])

    def test_an_exception_ends_the_process_with_status_1_after_error_and_flush(self):
        child = converse(BOLT, tup(1, 'echo'), tup(2, 'throw', 'enough'), tup(3, 'echo'))
        self.assertEqual(child.messages[:2], [emit(1, 'echo'), ack(1)])
        self.assertEqual(child.messages[2]['command'], 'error')
        self.assertTrue(child.messages[2]['msg'].endswith('RuntimeError: enough'))
        self.assertEqual(len(child.messages), 3)
        self.assertEqual(child.code, 1)

    def test_tuples_may_be_acked_by_another_thread_while_the_component_waits_for_input(self):
        source = '''
            import threading
            from polybolt import Bolt
            class Elsewhere(Bolt):
                def prepare(self, conf, context):
                    self.go = threading.Event()
                def process(self, tuple):
                    if tuple.values[0] == 'go':
                        self.go.set()
                    else:
                        threading.Thread(target=self.later, args=(tuple,)).start()
                def later(self, tuple):
                    self.go.wait()
                    self.emit(tuple.values, anchors=[tuple])
                    self.ack(tuple)
            Elsewhere().run()
        '''
        with Child(python(source)) as child:
            child.start()
            child.send(tup(1, 'work'), tup(2, 'go'))
            self.assertEqual([child.read(), child.read()], [emit(1, 'work'), ack(1)])
            self.assertEqual(child.finish().code, 0)


if __name__ == '__main__':
    unittest.main()
