"""Handshake, end of input at every stage, crashes, a host that is gone, signals, and output while user code blocks."""

import os
import signal
import stat
import tempfile
import unittest

from support import SYNC, Child, ack, converse, emit, frames, handshake, heartbeat, python, reference, tick, tup

BOLT = reference('bolt.py')


class HandshakeTest(unittest.TestCase):
    def test_the_pid_comes_before_anything_else(self):
        source = python('''
            from polybolt import BasicBolt
            class Early(BasicBolt):
                def prepare(self, conf, context):
                    self.log('prepared')
            Early().run()
        ''')
        with Child(source) as child:
            child.send(handshake())
            self.assertEqual(child.read_text(), '{"pid":%d}' % child.process.pid)
            self.assertEqual(child.read(), {'command': 'log', 'msg': 'prepared', 'level': 2})

    def test_nothing_is_said_before_the_first_message_has_come(self):
        with Child(BOLT) as child:
            child.send_bytes(frames(handshake())[:-1])
            child.wait_until_read()
            child.send_bytes(b'\n')
            self.assertEqual(child.read(), {'pid': child.process.pid})

    def test_an_empty_file_named_by_the_pid_is_made_in_the_pid_directory(self):
        with tempfile.TemporaryDirectory() as directory:
            child = converse(BOLT, pid_dir=directory)
            self.assertEqual(os.listdir(directory), [str(child.pid_message['pid'])])
            self.assertEqual(os.path.getsize(os.path.join(directory, os.listdir(directory)[0])), 0)

    def test_a_pid_directory_that_cannot_be_written_is_reported_and_not_fatal(self):
        child = converse(BOLT, tup(1, 'echo'), pid_dir='/nonexistent/directory')
        self.assertEqual(child.messages, [emit(1, 'echo'), ack(1)])
        self.assertEqual(
            child.stderr,
            'polybolt: cannot create the pid file /nonexistent/directory/%d: No such file or directory\n'
            % child.pid_message['pid'],
        )

    def test_an_empty_pid_directory_and_unknown_keys_are_fine(self):
        with Child(BOLT) as child:
            child.send({'pidDir': '', 'conf': {}, 'context': {}, 'colour': 'blue'}, tup(1, 'echo'))
            child.finish()
        self.assertEqual(child.messages[1:], [emit(1, 'echo'), ack(1)])

    def test_a_handshake_without_its_keys_is_taken_for_an_empty_one(self):
        with Child(BOLT) as child:
            child.send({}, tup(1, 'conf', 'k'))
            child.finish()
        self.assertEqual(child.messages[1:], [emit(1, 'conf', 'k', None), ack(1)])


class EndOfInputTest(unittest.TestCase):
    def end_after(self, data):
        with Child(BOLT) as child:
            child.send_bytes(data)
            child.finish()
        self.assertEqual((child.code, child.stderr), (0, ''))
        return child.messages[1:]

    def test_before_the_handshake_it_ends_with_status_0(self):
        self.assertEqual(self.end_after(b''), [])

    def test_in_the_middle_of_the_handshake_it_ends_with_status_0(self):
        self.assertEqual(self.end_after(frames(handshake())[:10]), [])

    def test_after_the_handshake_it_ends_with_status_0(self):
        self.assertEqual(self.end_after(frames(handshake())), [])

    def test_after_tuples_everything_is_written_first(self):
        self.assertEqual(self.end_after(frames(handshake(), tup(1, 'echo'))), [emit(1, 'echo'), ack(1)])

    def test_in_the_middle_of_a_tuple_that_tuple_is_dropped(self):
        data = frames(handshake(), tup(1, 'echo')) + frames(tup(2, 'echo'))[:-6]
        self.assertEqual(self.end_after(data), [emit(1, 'echo'), ack(1)])

    def test_the_close_hook_is_called_after_a_flush_and_may_still_say_something(self):
        child = converse(
            python('''
                from polybolt import BasicBolt
                class Closing(BasicBolt):
                    def close(self):
                        self.emit(['last'], anchors=[])
                Closing().run()
                print('code after run')
            '''),
            tup(1),
        )
        self.assertEqual(child.messages, [ack(1), {'command': 'emit', 'need_task_ids': False, 'tuple': ['last']}])
        self.assertEqual((child.code, child.stderr), (0, 'code after run\n'))

    def test_a_close_hook_that_raises_is_a_crash(self):
        child = converse(
            python('''
                from polybolt import Spout
                class Closing(Spout):
                    def close(self):
                        raise RuntimeError('jammed')
                Closing().run()
            ''')
        )
        self.assertEqual(child.code, 1)
        self.assertTrue(child.messages[0]['msg'].endswith('RuntimeError: jammed'))


class CrashTest(unittest.TestCase):
    def test_an_exception_in_prepare_or_open_ends_it_with_status_1_after_error_and_flush(self):
        for base, hook in (('Bolt', 'prepare'), ('BasicBolt', 'prepare'), ('BatchingBolt', 'prepare'), ('Spout', 'open')):
            child = converse(
                python('''
                    from polybolt import %s
                    class Bad(%s):
                        def %s(self, conf, context):
                            raise RuntimeError('w\u00fcrf')
                    Bad().run()
                ''' % (base, base, hook)),
                tup(1),
            )
            self.assertEqual((child.code, child.stderr, len(child.messages)), (1, '', 1), base)
            self.assertTrue(child.messages[0]['msg'].endswith('RuntimeError: w\u00fcrf'), base)

    def test_an_unencodable_value_in_prepare_is_a_crash_too(self):
        child = converse(
            python('''
                from polybolt import BasicBolt
                class Bad(BasicBolt):
                    def prepare(self, conf, context):
                        self.emit([object()])
                Bad().run()
            ''')
        )
        self.assertEqual((child.code, len(child.messages)), (1, 1))

    def test_an_exception_in_process_tick_of_a_plain_bolt_is_a_crash(self):
        child = converse(
            python('''
                from polybolt import Bolt
                class Bad(Bolt):
                    def process_tick(self, tuple):
                        raise RuntimeError('tock')
                Bad().run()
            '''),
            tick(1),
        )
        self.assertEqual((child.code, len(child.messages)), (1, 1))

    def test_the_host_sees_the_end_even_if_user_threads_go_on(self):
        source = python('''
            import threading
            from polybolt import Bolt
            class Bad(Bolt):
                def process(self, tuple):
                    threading.Thread(target=threading.Event().wait).start()
                    raise RuntimeError('enough')
            Bad().run()
        ''')
        with Child(source) as child:
            child.start()
            child.send(tup(1))
            self.assertEqual(child.read()['command'], 'error')
            self.assertIsNone(child.read())

    def test_a_status_of_the_authors_own_is_kept_and_output_flushed(self):
        child = converse(
            python('''
                import sys
                from polybolt import BasicBolt
                class Leaving(BasicBolt):
                    def process(self, tuple):
                        self.emit(['bye'])
                        sys.exit(7)
                Leaving().run()
            '''),
            tup(1),
            tup(2),
        )
        self.assertEqual((child.messages, child.code), ([emit(1, 'bye')], 7))


class HostGoneTest(unittest.TestCase):
    def test_a_broken_pipe_ends_it_with_status_1_in_silence(self):
        with Child(BOLT) as child:
            child.start()
            child.process.stdout.close()
            child.output_fd = None
            child.send(tup(1, 'echo'))
            child.end()
        self.assertEqual((child.code, child.stderr), (1, ''))

    def test_a_broken_pipe_that_the_background_flusher_meets_ends_it_with_status_1_too(self):
        source = python('''
            import signal, threading
            from polybolt import BasicBolt
            class Blocking(BasicBolt):
                def process(self, tuple):
                    self.emit(['x'])
                    while not self._pb_channel.writer._broken:
                        signal.pthread_kill(threading.get_ident(), 0)
                    self._pb_channel.writer.out.clear()
            Blocking().run()
        ''')
        with Child(source) as child:
            child.start()
            child.process.stdout.close()
            child.output_fd = None
            child.send(tup(1))
            child.end()
        self.assertEqual((child.code, child.stderr), (1, ''))


class SignalTest(unittest.TestCase):
    def test_sigterm_ends_it(self):
        with Child(BOLT) as child:
            child.start()
            child.process.send_signal(signal.SIGTERM)
            self.assertEqual(child.process.wait(60), -signal.SIGTERM)

    def test_a_signal_handler_that_logs_while_it_waits_for_input_does_no_harm(self):
        source = python('''
            import signal
            from polybolt import BasicBolt
            class Handling(BasicBolt):
                def prepare(self, conf, context):
                    signal.signal(signal.SIGUSR1, lambda number, stack: self.log('signal %d' % number))
                def process(self, tuple):
                    self.emit(tuple.values)
            Handling().run()
        ''')
        with Child(source) as child:
            child.start()
            child.send(heartbeat(1))
            self.assertEqual(child.read(), SYNC)
            child.process.send_signal(signal.SIGUSR1)
            self.assertEqual(child.read(), {'command': 'log', 'msg': 'signal %d' % signal.SIGUSR1, 'level': 2})
            child.send(tup(2, 'x'))
            self.assertEqual([child.read(), child.read()], [emit(2, 'x'), ack(2)])


class BlockedTest(unittest.TestCase):
    def test_what_waits_while_user_code_blocks_is_written_in_the_background(self):
        with tempfile.TemporaryDirectory() as directory:
            fifo = os.path.join(directory, 'fifo')
            os.mkfifo(fifo)
            self.assertTrue(stat.S_ISFIFO(os.stat(fifo).st_mode))
            source = python('''
                from polybolt import BasicBolt
                class Blocking(BasicBolt):
                    def process(self, tuple):
                        self.emit(['before'])
                        self.emit([open(%r).read()])
                Blocking().run()
            ''' % fifo)
            with Child(source) as child:
                child.start()
                for number in range(3):
                    child.send(tup(number))
                    self.assertEqual(child.read(), emit(number, 'before'))
                    with open(fifo, 'w') as file:
                        file.write('go')
                    self.assertEqual([child.read(), child.read()], [emit(number, 'go'), ack(number)])
                self.assertEqual(child.finish().code, 0)


if __name__ == '__main__':
    unittest.main()
