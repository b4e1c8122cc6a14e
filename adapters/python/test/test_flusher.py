"""The background flusher, its clock and its sleep in our hands."""

import unittest

from polybolt.flusher import Flusher
from polybolt.writer import PENDING_CHARACTERS_MAX, Writer
from support import Clock, Sink


class FlusherTest(unittest.TestCase):
    def setUp(self):
        self.clock = Clock()
        self.sink = Sink()
        self.writer = Writer(1, write=self.sink, clock=self.clock)
        self.looks = 0
        self.at_look = {}
        self.flusher = Flusher(self.writer, sleep=self.sleep)
        self.flusher.parked = False

    def sleep(self, secs):
        self.looks += 1
        self.clock.now += secs
        self.at_look.get(self.looks, lambda: None)()

    def wait_for_input(self):
        self.writer.limit = 0

    def test_output_that_waits_while_user_code_blocks_is_written(self):
        self.writer.add('a')
        self.at_look = {2: self.wait_for_input}
        self.flusher.watch_until_quiet()
        self.assertEqual(self.sink.writes, ['a'])

    def test_output_is_left_alone_while_the_component_flushes_itself(self):
        def flushed_just_now():
            self.writer.flushed_at = self.clock.now
            self.wait_for_input()

        self.writer.add('a')
        self.at_look = {look: flushed_just_now for look in range(1, 1000)}
        self.flusher.watch_until_quiet()
        self.assertEqual(self.sink.writes, [])

    def test_it_parks_after_a_second_of_waiting_for_input(self):
        self.wait_for_input()
        self.flusher.watch_until_quiet()
        self.assertEqual(self.looks, 101)
        self.assertTrue(self.flusher.parked)

    def test_it_does_not_park_while_user_code_runs(self):
        self.at_look = {500: lambda: self.writer.add('late'), 600: self.wait_for_input}
        self.flusher.watch_until_quiet()
        self.assertEqual(self.sink.writes, ['late'])
        self.assertGreater(self.looks, 600)

    def test_it_does_not_park_while_work_comes_in(self):
        def work():
            self.writer.limit = PENDING_CHARACTERS_MAX
            self.writer.add('w')
            self.writer.flush()
            self.writer.limit = 0

        self.wait_for_input()
        self.at_look = {50: work}
        self.flusher.watch_until_quiet()
        self.assertEqual(self.looks, 150)

    def test_it_ends_when_the_host_is_gone_and_leaves_the_exit_to_the_component(self):
        def write(_fd, _data):
            raise BrokenPipeError()

        self.writer._write = write
        self.writer.add('a')
        self.flusher.watch_until_quiet()
        with self.assertRaises(SystemExit):
            self.writer.flush()


if __name__ == '__main__':
    unittest.main()
