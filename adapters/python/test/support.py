"""What the tests share: a host for real child processes over real pipes, and messages in short.

Invariant: nothing waits for ever (a child that says nothing for LIMIT_SECS fails the test) and no child outlives its test.
"""

import fcntl
import json
import os
import select
import struct
import subprocess
import sys
import tempfile
import termios
import textwrap

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIMIT_SECS = 30


def handshake(conf=None, context=None, pid_dir=''):
    return {'pidDir': pid_dir, 'conf': conf or {}, 'context': context or {}}


def tup(id, *values, **options):
    return {
        'id': str(id),
        'comp': options.get('comp', 'source'),
        'stream': options.get('stream', 'default'),
        'task': options.get('task', 3),
        'tuple': list(values),
    }


def tick(id):
    return tup(id, 5, comp='__system', stream='__tick', task=-1)


def heartbeat(id):
    return {'id': str(id), 'comp': None, 'stream': '__heartbeat', 'task': -1, 'tuple': []}


def command(name, id=''):
    return {'command': name, 'id': id}


def frame(message):
    return (json.dumps(message) + '\nend\n').encode()


def frames(*messages):
    return b''.join(frame(message) for message in messages)


def emit(anchor, *values, **options):
    message = {'command': 'emit', 'anchors': [str(anchor)], 'need_task_ids': False, 'tuple': list(values)}
    message.update(options)
    return message


def asking(anchor, *values, **options):
    message = {'command': 'emit', 'anchors': [str(anchor)], 'tuple': list(values)}
    message.update(options)
    return message


def ack(id):
    return {'command': 'ack', 'id': str(id)}


def fail(id):
    return {'command': 'fail', 'id': str(id)}


SYNC = {'command': 'sync'}

# Without the site packages a child starts in half the time, and there are hundreds of them.
INTERPRETER = [sys.executable, '-S']


def reference(name):
    return INTERPRETER + [os.path.join(PACKAGE, 'reference', name)]


def python(source):
    return INTERPRETER + ['-c', textwrap.dedent(source)]


def storm_bolt(body, base='storm.BasicBolt', extra=''):
    """A component on the drop-in: `body` is the body of its process."""
    return python(
        'import storm\nclass Component(%s):\n    def process(self, tup):\n%s\n%s\nComponent().run()'
        % (base, ''.join('        %s\n' % line for line in body.strip('\n').split('\n')), extra)
    )


class Child(object):
    """A component in a process of its own. Use it with `with`."""

    def __init__(self, argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=None):
        self.stderr_file = tempfile.TemporaryFile()
        environment = dict(os.environ, PYTHONPATH=PACKAGE, PYTHONIOENCODING='utf-8')
        if 'PYTHONPYCACHEPREFIX' not in environment:
            environment['PYTHONDONTWRITEBYTECODE'] = '1'
        # It would change when prints leave, and with it what the guard can still redirect.
        environment.pop('PYTHONUNBUFFERED', None)
        self.process = subprocess.Popen(
            argv, stdin=stdin, stdout=stdout, stderr=self.stderr_file, env=environment, bufsize=0, cwd=cwd
        )
        self.input = self.process.stdin
        self.output_fd = self.process.stdout.fileno() if self.process.stdout else None
        self.received = b''

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.process.kill()
        self.process.wait()
        self.stderr_file.close()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()

    def start(self, **options):
        """The handshake. Returns the child's answer to it."""
        self.send(handshake(**options))
        return self.read()

    def send(self, *messages):
        self.send_bytes(frames(*messages))

    def send_bytes(self, data):
        while data:
            data = data[self.input.write(data) :]

    def wait_until_read(self):
        """Wait until the child has taken everything out of the pipe, so that what follows is another read of its."""
        unread = 1
        while unread and self.process.poll() is None:
            os.sched_yield()
            answer = fcntl.ioctl(self.input.fileno(), termios.FIONREAD, b'\0\0\0\0')
            (unread,) = struct.unpack('i', answer)

    def read_bytes(self):
        ready, _, _ = select.select([self.output_fd], [], [], LIMIT_SECS)
        if not ready:
            raise AssertionError('the child has said nothing for %d s; before: %r' % (LIMIT_SECS, self.received))
        return os.read(self.output_fd, 1 << 16)

    def read_text(self):
        """The next message as it was written, without its terminator. None at the end of the output."""
        while b'\nend\n' not in self.received:
            data = self.read_bytes()
            if not data:
                assert not self.received, 'half a message: %r' % self.received
                return None
            self.received += data
        text, _, self.received = self.received.partition(b'\nend\n')
        return text.decode('utf-8')

    def read(self):
        text = self.read_text()
        return None if text is None else json.loads(text)

    def close_input(self):
        self.input.close()

    def finish(self):
        """Close its input, and wait for its end."""
        self.close_input()
        return self.end()

    def end(self):
        """Wait for its end."""
        self.texts = []
        text = self.read_text() if self.output_fd is not None else None
        while text is not None:
            self.texts.append(text)
            text = self.read_text()
        self.messages = [json.loads(text) for text in self.texts]
        self.code = self.process.wait(LIMIT_SECS)
        self.stderr_file.seek(0)
        self.stderr = self.stderr_file.read().decode('utf-8', 'replace')
        return self


def converse(argv, *messages, **options):
    """Feed a whole conversation at once and close the input. `messages` of the result are without the pid."""
    raw = options.pop('raw', b'')
    with Child(argv) as child:
        child.send_bytes(frames(handshake(**options), *messages) + raw)
        child.finish()
        child.pid_message = child.messages.pop(0) if child.messages else None
        if child.texts:
            child.texts.pop(0)
        return child


class Clock(object):
    """A clock that stands still until somebody moves it."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Sink(object):
    """What a writer writes to: remembers every write."""

    def __init__(self, take=None):
        self.writes = []
        self.take = take

    def __call__(self, _fd, data):
        written = data[: self.take]
        self.writes.append(bytes(written).decode('utf-8'))
        return len(written)

    @property
    def text(self):
        return ''.join(self.writes)
