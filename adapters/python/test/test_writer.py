"""Messages to bytes: coalesced, in order, and flushed exactly when the contract says."""

import select
import unittest
from unittest import mock

from polybolt.errors import HostGone
from polybolt.writer import Writer
from support import Clock, Sink


class WriterTest(unittest.TestCase):
    def setUp(self):
        self.clock = Clock()
        self.sink = Sink()
        self.writer = Writer(1, write=self.sink, clock=self.clock)

    def test_nothing_is_written_before_a_flush_and_then_all_at_once(self):
        for text in ('a', 'b', 'c'):
            self.writer.add(text)
        self.assertEqual(self.sink.writes, [])
        self.writer.flush()
        self.assertEqual(self.sink.writes, ['abc'])

    def test_a_flush_with_nothing_to_write_writes_nothing(self):
        self.writer.flush()
        self.assertEqual(self.sink.writes, [])

    def test_a_tuple_boundary_within_two_milliseconds_of_the_last_flush_writes_nothing(self):
        self.writer.add('a')
        self.clock.now += 0.0019
        self.writer.at_boundary()
        self.assertEqual(self.sink.writes, [])

    def test_a_tuple_boundary_two_milliseconds_after_the_last_flush_flushes(self):
        self.clock.now += 0.0021
        self.writer.add('a')
        self.writer.at_boundary()
        self.writer.add('b')
        self.writer.at_boundary()
        self.assertEqual(self.sink.writes, ['a'])

    def test_a_tuple_boundary_flushes_when_64_kib_have_collected(self):
        self.writer.add('x' * 65535)
        self.writer.at_boundary()
        self.assertEqual(self.sink.writes, [])
        self.writer.add('y')
        self.writer.at_boundary()
        self.assertEqual([len(text) for text in self.sink.writes], [65536])

    def test_within_one_tuple_a_mebibyte_is_the_most_that_waits(self):
        for _ in range(15):
            self.writer.add('x' * 65536)
        self.assertEqual(self.sink.writes, [])
        self.writer.add('x' * 65536)
        self.assertEqual([len(text) for text in self.sink.writes], [1048576])

    def test_what_a_pipe_takes_only_in_part_is_written_in_order(self):
        self.sink.take = 3
        self.writer.add('abcdefgh')
        self.writer.flush()
        self.assertEqual(self.sink.writes, ['abc', 'def', 'gh'])

    def test_it_waits_when_somebody_made_the_pipe_non_blocking(self):
        self.writer._write = mock.Mock(side_effect=[2, BlockingIOError(), 1])
        self.writer.add('abc')
        with mock.patch('polybolt.writer.wait_for') as wait_for:
            self.writer.flush()
        wait_for.assert_called_once_with(1, select.POLLOUT)
        self.assertEqual(self.writer._write.mock_calls, [mock.call(1, b'abc'), mock.call(1, b'c'), mock.call(1, b'c')])

    def test_text_is_utf_8_and_a_lone_surrogate_is_an_escape(self):
        self.writer.add('"\u00fc\U0001f600\u2028 \ud800 \udfff"')
        self.writer.flush()
        self.assertEqual(self.sink.writes, ['"\u00fc\U0001f600\u2028 \\ud800 \\udfff"'])

    def test_a_signal_handler_that_logs_while_we_write_does_not_cut_into_a_message(self):
        def write(fd, data):
            if not self.sink.writes:
                self.writer.add('late')
                self.writer.flush()
            return self.sink(fd, data[:2])

        self.writer._write = write
        self.writer.add('abcd')
        self.writer.flush()
        self.assertEqual(self.sink.writes, ['ab', 'cd', 'la', 'te'])

    def test_an_exception_out_of_a_signal_handler_loses_no_byte(self):
        def write(fd, data):
            if len(self.sink.writes) == 1:
                self.writer._write = self.sink
                raise TimeoutError_()
            return self.sink(fd, data[:2])

        class TimeoutError_(Exception):
            pass

        self.writer._write = write
        self.writer.add('abcd')
        with self.assertRaises(TimeoutError_):
            self.writer.flush()
        self.writer.add('ef')
        self.writer.flush()
        self.assertEqual(self.sink.writes, ['ab', 'cd', 'ef'])

    def test_when_nobody_reads_it_raises_an_exit_with_status_1_and_does_so_again(self):
        self.writer._write = mock.Mock(side_effect=BrokenPipeError())
        for _ in range(2):
            self.writer.add('a')
            with self.assertRaises(HostGone) as caught:
                self.writer.flush()
            self.assertEqual(caught.exception.code, 1)
            self.assertIsInstance(caught.exception, SystemExit)

    def test_while_the_component_waits_for_input_others_are_flushed_at_once(self):
        self.writer.limit = 0
        self.writer.add('a')
        self.writer.add('b')
        self.assertEqual(self.sink.writes, ['a', 'b'])

    def test_a_forked_child_writes_nothing_of_its_parents(self):
        self.writer.add('a')
        self.writer.abandon()
        self.writer.flush()
        self.assertEqual(self.sink.writes, [])


class SettledItemTest(unittest.TestCase):
    class Item(object):
        holders = None

        def settle(self, holders):
            type(self).holders = holders
            return 'item'

    def settle(self, hold):
        sink = Sink()
        writer = Writer(1, write=sink, clock=Clock())
        writer.add('a')
        item = self.Item()
        writer.add_item(item, 4)
        held = [item] if hold else None
        del item
        writer.add('b')
        writer.flush()
        self.assertEqual(sink.writes, ['aitemb'])
        return held

    def test_an_item_that_nobody_holds_is_told_so(self):
        self.settle(hold=False)
        self.assertEqual(self.Item.holders, 0)

    def test_an_item_that_somebody_holds_is_told_so(self):
        self.settle(hold=True)
        self.assertEqual(self.Item.holders, 1)

    def test_an_item_counts_as_so_many_characters(self):
        writer = Writer(1, write=Sink(), clock=Clock())
        writer.add_item(self.Item(), 1048575)
        self.assertEqual(writer.size, 1048575)
        writer.add_item(self.Item(), 1)
        self.assertEqual((writer.size, writer.out), (0, []))


if __name__ == '__main__':
    unittest.main()
