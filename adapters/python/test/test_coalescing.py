"""When a component's output is flushed, with the clock and the writes in our hands."""

import unittest
from unittest import mock

from polybolt import BasicBolt, Spout
from polybolt.channel import Channel
from polybolt.reader import Reader
from polybolt.writer import Writer
from support import Clock, Sink, command, frames, handshake, tup

ACK = '{"command":"ack","id":"%s"}\nend\n'
EMIT = '{"command":"emit","anchors":["%s"],"need_task_ids":false,"tuple":[%s]}\nend\n'


class NoFlusher(object):
    parked = False


def run(component, *chunks, **options):
    """Run a component in this process: each chunk is one read. Returns its writes after the handshake's."""
    chunks = [frames(handshake())] + list(chunks) + [b'']
    sink = options.get('sink') or Sink()
    reader = Reader(0, read=lambda fd, count: chunks.pop(0))
    channel = Channel(reader, Writer(1, write=sink, clock=options.get('clock') or Clock()), NoFlusher())
    with mock.patch('polybolt.channel._channel', channel):
        component._pb_live(channel)
    assert sink.writes.pop(0).startswith('{"pid":')
    return sink.writes


class Echo(BasicBolt):
    def process(self, tuple):
        self.emit(tuple.values)


class CoalescingTest(unittest.TestCase):
    def test_all_answers_to_a_chunk_leave_in_one_write_before_the_next_read(self):
        writes = run(Echo(), frames(tup(1, 7), tup(2, 8)), frames(tup(3, 9)))
        self.assertEqual(
            writes,
            [EMIT % (1, 7) + ACK % 1 + EMIT % (2, 8) + ACK % 2, EMIT % (3, 9) + ACK % 3],
        )

    def test_it_flushes_before_a_read_even_when_half_a_message_is_there(self):
        data = frames(tup(1), tup(2))
        writes = run(BasicBolt(), data[:-5], data[-5:])
        self.assertEqual(writes, [ACK % 1, ACK % 2])

    def test_a_tuple_boundary_after_two_milliseconds_flushes_though_input_is_left(self):
        clock = Clock()

        class Slow(Echo):
            def process(self, tuple):
                clock.now += 0.0011
                Echo.process(self, tuple)

        writes = run(Slow(), frames(tup(1), tup(2), tup(3), tup(4), tup(5)), clock=clock)
        self.assertEqual([text.count('ack') for text in writes], [2, 2, 1])

    def test_a_tuple_boundary_flushes_at_64_kib(self):
        class Big(BasicBolt):
            def process(self, tuple):
                self.emit(['x' * 30000])

        writes = run(Big(), frames(*[tup(i) for i in range(5)]))
        self.assertEqual([text.count('ack') for text in writes], [3, 2])

    def test_a_log_and_an_error_leave_at_once_with_what_came_before_them(self):
        sink = Sink()
        seen = []

        class Telling(Echo):
            def process(self, tuple):
                self.emit([1])
                self.log('l')
                seen.append(len(sink.writes))
                self.emit([2])
                self.report_error('e')
                seen.append(len(sink.writes))
                self.report_metric('m', [1])
                seen.append(len(sink.writes))

        writes = run(Telling(), frames(tup(1)), sink=sink)
        self.assertEqual(seen, [2, 3, 3])
        self.assertEqual(
            writes,
            [
                EMIT % (1, 1) + '{"command":"log","msg":"l","level":2}\nend\n',
                EMIT % (1, 2) + '{"command":"error","msg":"e"}\nend\n',
                '{"command":"metrics","name":"m","params":[1]}\nend\n' + ACK % 1,
            ],
        )

    def test_the_pid_has_left_before_prepare_is_called(self):
        sink = Sink()
        seen = []

        class Preparing(BasicBolt):
            def prepare(self, conf, context):
                seen.append(len(sink.writes))

        run(Preparing(), sink=sink)
        self.assertEqual(seen, [1])

    def test_what_another_thread_writes_while_the_component_waits_for_input_leaves_at_once(self):
        bolt = BasicBolt()
        sink = Sink()
        chunks = [frames(handshake()), frames(tup(1)), b'']

        def read(_fd, _count):
            if len(chunks) < 3:
                before = len(sink.writes)
                bolt.emit(['meanwhile'], anchors=[])
                self.assertEqual(len(sink.writes), before + 1)
            return chunks.pop(0)

        channel = Channel(Reader(0, read=read), Writer(1, write=sink, clock=Clock()), NoFlusher())
        bolt._pb_live(channel)
        self.assertEqual(chunks, [])

    def test_the_syncs_of_commands_that_came_together_leave_together(self):
        writes = run(Spout(), frames(command('activate'), command('next'), command('next')))
        self.assertEqual(writes, ['{"command":"sync"}\nend\n' * 3])

    def test_an_emit_that_asks_for_ids_is_flushed_when_somebody_looks(self):
        class Asking(BasicBolt):
            def process(self, tuple):
                ids = self.emit([1], need_task_ids=True)
                self.emit([2])
                self.emit(list(ids))

        writes = run(Asking(), frames(tup(1)), frames([5]))
        self.assertEqual(
            writes,
            [
                '{"command":"emit","anchors":["1"],"tuple":[1]}\nend\n' + EMIT % (1, 2),
                EMIT % (1, 5) + ACK % 1,
            ],
        )


if __name__ == '__main__':
    unittest.main()
