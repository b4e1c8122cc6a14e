"""The drop-in storm.py and task ids: who is told of them, who waits for them, and when they are not asked for at all."""

import unittest

from support import SYNC, Child, ack, asking, converse, emit, heartbeat, storm_bolt as bolt, tup


class TaskIdsTest(unittest.TestCase):
    def test_emit_returns_the_task_ids(self):
        with Child(bolt('ids = storm.emit(["x"])\nstorm.emit([ids, ids[0], len(ids)])')) as child:
            child.start()
            child.send(tup(1))
            self.assertEqual(child.read_text(), '{"command":"emit","anchors":["1"],"tuple":["x"]}')
            child.send([4, 5])
            self.assertEqual([child.read(), child.read()], [emit(1, [4, 5], 4, 2), ack(1)])

    def test_an_emit_whose_list_is_thrown_away_asks_for_none_and_waits_for_none(self):
        for base, end in (('storm.BasicBolt', ''), ('storm.Bolt', '\nstorm.ack(tup)')):
            anchors = '' if 'Basic' in base else ', anchors=[tup]'
            child = converse(bolt('for x in "ab": storm.emit([x]%s)%s' % (anchors, end), base), tup(1), tup(2))
            self.assertEqual(
                child.messages, [emit(1, 'a'), emit(1, 'b'), ack(1), emit(2, 'a'), emit(2, 'b'), ack(2)], base
            )

    def test_an_emit_whose_list_is_kept_asks_and_does_not_wait(self):
        with Child(bolt('self.__dict__.setdefault("kept", []).append(storm.emit(["x"]))')) as child:
            child.start()
            child.send(tup(1), tup(2))
            expected = [asking(1, 'x'), ack(1), asking(2, 'x'), ack(2)]
            self.assertEqual([child.read() for _ in expected], expected)
            self.assertEqual(child.finish().code, 0)

    def test_a_list_thrown_away_after_it_was_flushed_gets_its_reply_and_nobody_elses(self):
        body = 'ids = storm.emit(["x"])\nstorm.log("flushed")\ndel ids\nstorm.emit([storm.emit(["y"])[0]])'
        with Child(bolt(body)) as child:
            child.start()
            child.send(tup(1))
            expected = [asking(1, 'x'), {'command': 'log', 'msg': 'flushed', 'level': 2}, asking(1, 'y')]
            self.assertEqual([child.read() for _ in expected], expected)
            child.send([1], [2])
            self.assertEqual([child.read(), child.read()], [emit(1, 2), ack(1)])

    def test_commands_that_come_while_ids_are_waited_for_keep_their_order(self):
        with Child(bolt('storm.emit([tup.values[0], list(storm.emit(["x"]))])')) as child:
            child.start()
            child.send(tup(1, 'a'))
            self.assertEqual(child.read(), asking(1, 'x'))
            child.send(heartbeat(2), tup(3, 'b'), [4])
            self.assertEqual([child.read() for _ in range(4)], [emit(1, 'a', [4]), ack(1), SYNC, asking(3, 'x')])
            child.send([5])
            self.assertEqual([child.read(), child.read()], [emit(3, 'b', [5]), ack(3)])

    def test_emit_bolt_returns_none_and_its_reply_is_read_with_read_task_ids(self):
        with Child(bolt('assert storm.emitBolt(["x"]) is None\nstorm.emit([storm.readTaskIds()])')) as child:
            child.start()
            child.send(tup(1))
            self.assertEqual(child.read_text(), '{"command":"emit","anchors":["1"],"tuple":["x"]}')
            child.send(tup(2), [4])
            self.assertEqual([child.read(), child.read()], [emit(1, [4]), ack(1)])
            self.assertEqual(child.read(), asking(2, 'x'))

    def test_replies_of_emit_bolt_and_of_emit_are_not_mixed_up(self):
        body = 'storm.emitBolt(["a"])\nb = storm.emit(["b"])\nstorm.emitBolt(["c"])\n'
        body += 'storm.emit([storm.readTaskIds(), storm.readTaskIds(), b])'
        with Child(bolt(body)) as child:
            child.start()
            child.send(tup(1))
            self.assertEqual([child.read() for _ in 'abc'], [asking(1, 'a'), asking(1, 'b'), asking(1, 'c')])
            child.send([1], [2], [3])
            self.assertEqual([child.read(), child.read()], [emit(1, [1], [3], [2]), ack(1)])

    def test_replies_that_nobody_reads_wait_in_pending_taskids_up_to_a_bound(self):
        body = 'storm.emitBolt(["x"])\nif tup.values: storm.emit([list(storm.pending_taskids), storm.pending_taskids.maxlen])'
        with Child(bolt(body)) as child:
            child.start()
            child.send(tup(1), tup(2))
            self.assertEqual([child.read() for _ in range(4)], [asking(1, 'x'), ack(1), asking(2, 'x'), ack(2)])
            child.send([1], [2], tup(3, 'show'))
            self.assertEqual([child.read(), child.read()], [asking(3, 'x'), emit(3, [[1], [2]], 65536)])

    def test_a_direct_emit_gets_no_reply(self):
        child = converse(
            bolt('assert storm.emitDirect(4, ["x"]) is None\nstorm.emit([storm.emit(["y"], directTask=5)])'), tup(1)
        )
        self.assertEqual(child.messages, [emit(1, 'x', task=4), emit(1, 'y', task=5), emit(1, [5]), ack(1)])

    def test_an_emit_sent_as_a_raw_message_gets_its_reply_too(self):
        body = 'storm.sendMsgToParent({"command": "emit", "anchors": [tup.id], "tuple": ["x"]})\n'
        body += 'storm.emit([storm.readTaskIds()])'
        with Child(bolt(body)) as child:
            child.start()
            child.send(tup(1))
            self.assertEqual(child.read(), asking(1, 'x'))
            child.send([4])
            self.assertEqual(child.read(), emit(1, [4]))


if __name__ == '__main__':
    unittest.main()
