"""Task ids over the wire: asked for only when wanted, waited for only when looked at, in order whatever comes between."""

import unittest

from support import SYNC, Child, ack, asking, converse, emit, fail, frames, heartbeat, python, reference, tup

BOLT = reference('bolt.py')


class TaskIdsWireTest(unittest.TestCase):
    def test_an_emit_that_asks_has_no_need_task_ids_key_and_gets_its_ids(self):
        with Child(BOLT) as child:
            child.start()
            child.send(tup(1, 'task_ids', 'x'))
            self.assertEqual(child.read_text(), '{"command":"emit","anchors":["1"],"tuple":["x"]}')
            child.send([4, 5])
            self.assertEqual([child.read(), child.read()], [emit(1, 'task_ids', [4, 5]), ack(1)])

    def test_commands_that_arrive_while_it_waits_keep_their_order(self):
        with Child(BOLT) as child:
            child.start()
            child.send(tup(1, 'task_ids', 'x'))
            self.assertEqual(child.read(), asking(1, 'x'))
            child.send(tup(2, 'echo', 'a'), heartbeat(3), tup(4, 'task_ids', 'y'), tup(5, 'echo', 'b'), [7])
            expected = [emit(1, 'task_ids', [7]), ack(1), emit(2, 'echo', 'a'), ack(2), SYNC, asking(4, 'y')]
            self.assertEqual([child.read() for _ in expected], expected)
            child.send(tup(6, 'fail'), [8, 9])
            expected = [emit(4, 'task_ids', [8, 9]), ack(4), emit(5, 'echo', 'b'), ack(5), fail(6)]
            self.assertEqual([child.read() for _ in expected], expected)

    def test_a_list_nobody_looks_into_is_not_waited_for(self):
        with Child(BOLT) as child:
            child.start()
            child.send(tup(1, 'task_ids_unread', 'x'))
            self.assertEqual([child.read(), child.read()], [asking(1, 'x'), ack(1)])
            self.assertEqual(child.finish().code, 0)

    def test_replies_that_nobody_looks_at_do_not_go_to_others(self):
        with Child(BOLT) as child:
            child.start()
            child.send(tup(1, 'task_ids_unread', 'x'), tup(2, 'task_ids_unread', 'y'), tup(3, 'task_ids', 'z'))
            expected = [asking(1, 'x'), ack(1), asking(2, 'y'), ack(2), asking(3, 'z')]
            self.assertEqual([child.read() for _ in expected], expected)
            child.send([1], [2], [3])
            self.assertEqual([child.read(), child.read()], [emit(3, 'task_ids', [3]), ack(3)])

    def test_lists_may_be_looked_into_in_any_order_and_later(self):
        source = python('''
            from polybolt import BasicBolt
            class Late(BasicBolt):
                def prepare(self, conf, context):
                    self.asked = []
                def process(self, tuple):
                    if tuple.values[0] == 'look':
                        self.emit([list(ids) for ids in reversed(self.asked)])
                    else:
                        self.asked.append(self.emit(tuple.values, need_task_ids=True))
            Late().run()
        ''')
        with Child(source) as child:
            child.start()
            child.send(tup(1, 'a'), tup(2, 'b'))
            for _ in range(4):
                child.read()
            child.send([3], tup(4, 'look'))
            child.send([], tup(5, 'look'))
            self.assertEqual([child.read(), child.read()], [emit(4, [], [3]), ack(4)])
            self.assertEqual([child.read(), child.read()], [emit(5, [], [3]), ack(5)])

    def test_a_direct_emit_asks_for_nothing_and_its_list_is_the_named_task(self):
        child = converse(
            python('''
                from polybolt import BasicBolt
                class Direct(BasicBolt):
                    def process(self, tuple):
                        self.emit([self.emit(['x'], direct_task=4, need_task_ids=True)])
                Direct().run()
            '''),
            tup(1),
        )
        self.assertEqual(child.messages, [emit(1, 'x', task=4), emit(1, [4]), ack(1)])

    def test_a_spout_may_ask_too(self):
        source = python('''
            from polybolt import Spout
            class Asking(Spout):
                def next_tuple(self):
                    ids = self.emit(['x'], id=1, need_task_ids=True)
                    self.emit(['sent to', ids])
            Asking().run()
        ''')
        with Child(source) as child:
            child.start()
            child.send({'command': 'next', 'id': ''})
            self.assertEqual(child.read_text(), '{"command":"emit","id":1,"tuple":["x"]}')
            child.send([6])
            self.assertEqual(child.read_text(), '{"command":"emit","need_task_ids":false,"tuple":["sent to",[6]]}')
            self.assertEqual(child.read(), SYNC)

    def test_the_end_of_input_in_the_middle_of_a_wait_ends_it_with_status_0(self):
        source = python('''
            from polybolt import BasicBolt
            class Stubborn(BasicBolt):
                def process(self, tuple):
                    try:
                        list(self.emit(['x'], need_task_ids=True))
                    except Exception:
                        self.emit(['swallowed'])
                def close(self):
                    self.log('closed')
            Stubborn().run()
        ''')
        child = converse(source, tup(1), tup(2))
        self.assertEqual(child.messages, [asking(1, 'x'), {'command': 'log', 'msg': 'closed', 'level': 2}])
        self.assertEqual((child.code, child.stderr), (0, ''))

    def test_a_message_it_cannot_read_in_the_middle_of_a_wait_ends_it_with_status_1(self):
        with Child(BOLT) as child:
            child.start()
            child.send(tup(1, 'task_ids', 'x'))
            child.read()
            child.send_bytes(frames(tup(2, 'echo')) + b'hello\nend\n')
            child.end()
        self.assertEqual(child.code, 1)
        self.assertIn('message: hello\n', child.stderr)


if __name__ == '__main__':
    unittest.main()
