"""The batching bolt: batches by key, by size and at ticks; all of a batch is acked, or all of it failed."""

import unittest

from support import SYNC, ack, converse, emit, fail, heartbeat, python, tick, tup

TOTALS = python('''
    from polybolt import BatchingBolt
    class Totals(BatchingBolt):
        batch_size = 3
        def group_key(self, tuple):
            return tuple.values[0]
        def process_batch(self, key, tuples):
            if key == 'bad':
                self.fail(tuples[0])
                raise RuntimeError('bad batch')
            if key == 'one':
                self.fail(tuples[1])
            self.emit([key] + [tuple.values[1] for tuple in tuples])
    Totals().run()
''')


def emit_of(anchors, *values):
    return {'command': 'emit', 'anchors': anchors, 'need_task_ids': False, 'tuple': list(values)}


class BatchingBoltTest(unittest.TestCase):
    def test_a_batch_is_processed_when_it_is_full_anchored_to_all_and_acked_after(self):
        child = converse(TOTALS, tup(1, 'a', 1), tup(2, 'b', 2), tup(3, 'a', 3), tup(4, 'a', 4))
        self.assertEqual(child.messages, [emit_of(['1', '3', '4'], 'a', 1, 3, 4), ack(1), ack(3), ack(4)])

    def test_all_batches_are_processed_at_a_tick_which_is_acked_last(self):
        child = converse(TOTALS, tup(1, 'b', 1), tup(2, 'a', 2), tick(3), tick(4))
        self.assertEqual(
            child.messages,
            [emit_of(['1'], 'b', 1), ack(1), emit_of(['2'], 'a', 2), ack(2), ack(3), ack(4)],
        )

    def test_a_batch_that_raises_is_reported_and_failed_and_the_others_are_not(self):
        child = converse(TOTALS, tup(1, 'bad', 1), tup(2, 'bad', 2), tup(3, 'a', 3), tick(4))
        self.assertEqual(child.messages[0], fail(1))
        self.assertEqual(child.messages[1]['command'], 'error')
        self.assertTrue(child.messages[1]['msg'].endswith('RuntimeError: bad batch'))
        self.assertEqual(child.messages[2:], [fail(2), emit_of(['3'], 'a', 3), ack(3), ack(4)])
        self.assertEqual(child.code, 0)

    def test_one_of_a_batch_may_be_failed_by_its_author(self):
        child = converse(TOTALS, tup(1, 'one', 1), tup(2, 'one', 2), tup(3, 'one', 3))
        self.assertEqual(child.messages, [fail(2), emit_of(['1', '3'], 'one', 1, 2, 3), ack(1), ack(3)])

    def test_a_tuple_without_a_usable_key_is_reported_and_failed(self):
        child = converse(TOTALS, tup(1), tup(2, ['no', 'key'], 2), heartbeat(3))
        self.assertEqual([message['command'] for message in child.messages], ['error', 'fail'] * 2 + ['sync'])
        self.assertEqual([child.messages[1], child.messages[3]], [fail(1), fail(2)])

    def test_by_default_there_is_one_batch_of_a_hundred(self):
        source = python('''
            from polybolt import BatchingBolt
            class All(BatchingBolt):
                def process_batch(self, key, tuples):
                    self.emit([key, len(tuples)], anchors=[])
            All().run()
        ''')
        child = converse(source, *[tup(i) for i in range(150)])
        self.assertEqual(child.texts[0], '{"command":"emit","need_task_ids":false,"tuple":[null,100]}')
        self.assertEqual(child.messages[1:], [ack(i) for i in range(100)])

    def test_a_tick_that_raises_is_failed(self):
        source = python('''
            from polybolt import BatchingBolt
            class Bad(BatchingBolt):
                def process_tick(self, tuple):
                    self.emit(['tick'])
                    raise RuntimeError('tock')
            Bad().run()
        ''')
        child = converse(source, tick(1), heartbeat(2))
        self.assertEqual(child.messages[0], emit(1, 'tick'))
        self.assertEqual(child.messages[1]['command'], 'error')
        self.assertEqual(child.messages[2:], [fail(1), SYNC])


if __name__ == '__main__':
    unittest.main()
