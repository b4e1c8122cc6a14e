"""The guard: whatever user code, its children and C libraries print, the protocol stays clean."""

import os
import sys
import tempfile
import unittest

from polybolt.guard import PIPE_BYTES, widen
from support import Child, ack, converse, emit, python, reference, tup

BOLT = reference('bolt.py')


class GuardTest(unittest.TestCase):
    def test_what_user_code_prints_goes_to_stderr(self):
        child = converse(BOLT, tup(1, 'print', 'h\u00ebllo'), tup(2, 'echo'))
        self.assertEqual(child.messages, [emit(1, 'print', 'h\u00ebllo'), ack(1), emit(2, 'echo'), ack(2)])
        self.assertEqual(child.stderr, 'h\u00ebllo\n')

    def test_what_a_child_process_prints_goes_to_stderr(self):
        child = converse(BOLT, tup(1, 'spawn', 'from a child'))
        self.assertEqual(child.messages, [emit(1, 'spawn', 'from a child'), ack(1)])
        self.assertEqual(child.stderr, 'from a child\n')

    def test_what_is_written_on_descriptor_1_as_a_c_library_does_goes_to_stderr(self):
        child = converse(
            python('''
                import ctypes, os, sys
                from polybolt import BasicBolt
                class Loud(BasicBolt):
                    def process(self, tuple):
                        os.write(1, b'descriptor\\n')
                        sys.__stdout__.write('original\\n')
                        sys.__stdout__.flush()
                        libc = ctypes.CDLL(None)
                        libc.puts(b'library')
                        libc.fflush(None)
                Loud().run()
            '''),
            tup(1),
        )
        self.assertEqual(child.messages, [ack(1)])
        self.assertEqual(child.stderr, 'descriptor\noriginal\nlibrary\n')

    def test_what_was_printed_before_run_goes_to_stderr_too(self):
        child = converse(
            python('''
                from polybolt import BasicBolt
                print('early')
                BasicBolt().run()
            '''),
            tup(1),
        )
        self.assertEqual((child.messages, child.stderr), ([ack(1)], 'early\n'))

    def test_prints_leave_at_once_and_in_order_with_what_is_written_to_stderr(self):
        child = converse(
            python('''
                import sys
                from polybolt import BasicBolt
                class Both(BasicBolt):
                    def process(self, tuple):
                        print('one')
                        sys.stderr.write('two\\n')
                        print('three')
                Both().run()
            '''),
            tup(1),
        )
        self.assertEqual(child.stderr, 'one\ntwo\nthree\n')

    def test_user_code_and_its_children_read_an_empty_stdin(self):
        source = python('''
            import os, subprocess, sys
            from polybolt import BasicBolt
            class Nosy(BasicBolt):
                def process(self, tuple):
                    self.emit([sys.stdin.read(), subprocess.check_output(['cat']).decode(), os.read(0, 9).decode()])
            Nosy().run()
        ''')
        # Our end of the pipe stays open: were it still on descriptor 0, the first read would wait for ever.
        with Child(source) as child:
            child.start()
            for number in (1, 2):
                child.send(tup(number))
                self.assertEqual([child.read(), child.read()], [emit(number, '', '', ''), ack(number)])

    def test_child_processes_do_not_inherit_the_protocols_descriptors(self):
        with tempfile.TemporaryDirectory() as directory:
            fifo = os.path.join(directory, 'fifo')
            os.mkfifo(fifo)
            source = python('''
                import subprocess
                from polybolt import BasicBolt
                class Parent(BasicBolt):
                    def process(self, tuple):
                        subprocess.Popen(['cat', %r], close_fds=False)
                        self.emit(['spawned'])
                        raise SystemExit(5)
                Parent().run()
            ''' % fifo)
            # Were our pipe held by the child, which waits for the fifo, the end of the output would never come.
            with Child(source) as child:
                child.start()
                child.send(tup(1))
                child.end()
            with open(fifo, 'w'):
                pass
        self.assertEqual((child.messages, child.code), ([emit(1, 'spawned')], 5))

    def test_a_forked_child_writes_nothing_of_its_parents_and_reads_nothing(self):
        child = converse(
            python('''
                import os
                from polybolt import BasicBolt
                class Forking(BasicBolt):
                    def process(self, tuple):
                        self.emit(['before'])
                        pid = os.fork()
                        if pid == 0:
                            self.emit(['from the child'])
                            raise SystemExit(3)
                        self.emit([os.waitpid(pid, 0)[1] >> 8])
                Forking().run()
            '''),
            tup(1),
            tup(2),
        )
        self.assertEqual(
            child.messages, [emit(1, 'before'), emit(1, 3), ack(1), emit(2, 'before'), emit(2, 3), ack(2)]
        )

    def test_worker_processes_of_multiprocessing_work(self):
        child = converse(
            python('''
                import multiprocessing
                from polybolt import BasicBolt
                class Pooled(BasicBolt):
                    def prepare(self, conf, context):
                        self.pool = multiprocessing.get_context('fork').Pool(1)
                    def process(self, tuple):
                        self.emit(self.pool.map(abs, tuple.values))
                    def close(self):
                        self.pool.terminate()
                        self.pool.join()
                Pooled().run()
            '''),
            tup(1, -4, 5),
        )
        self.assertEqual((child.messages, child.code), ([emit(1, 4, 5), ack(1)], 0))

    def test_a_closed_stderr_does_no_harm(self):
        with Child(['sh', '-c', 'exec "$@" 2>&-', 'sh'] + BOLT) as child:
            child.start()
            child.send(tup(1, 'print', 'x'), tup(2, 'spawn', 'y'))
            expected = [emit(1, 'print', 'x'), ack(1), emit(2, 'spawn', 'y'), ack(2)]
            self.assertEqual([child.read() for _ in expected], expected)
            self.assertEqual(child.finish().code, 0)

    @unittest.skipUnless(sys.platform.startswith('linux'), 'only Linux can change what a pipe holds')
    def test_the_hosts_pipes_are_made_to_hold_more_and_anything_else_stays_as_it_is(self):
        import fcntl

        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        self.addCleanup(os.close, writing)
        widen(reading)
        self.assertEqual(fcntl.fcntl(writing, 1032), PIPE_BYTES)
        with tempfile.TemporaryFile() as file:
            widen(file.fileno())


if __name__ == '__main__':
    unittest.main()
