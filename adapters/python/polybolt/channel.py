"""The conversation with the host: one a process, over the descriptors that the guard put aside.

Invariant: nothing waits unwritten while we wait for input. Task-id replies go to those who asked, in order; commands that
arrive meanwhile stay in `inbox` in order.
"""

import atexit
import os
import sys
import threading
from collections import deque

from .errors import EndOfInput, HostGone, UnreadableMessage
from .flusher import Flusher
from .frames import pid_message
from .guard import take_stdio
from .reader import Reader
from .writer import PENDING_CHARACTERS_MAX, Writer


class Channel(object):
    """Reads and writes messages. Tests give it a reader, a writer and a flusher of their own."""

    def __init__(self, reader, writer, flusher):
        self.reader = reader
        self.writer = writer
        self.inbox = reader.inbox
        # Those who asked for task ids and have not got them: objects with resolve(ids).
        self.owed = deque()
        self._flusher = flusher
        self._asking = threading.RLock()

    def fill(self):
        """Flush, then read once, blocking. Raises EndOfInput."""
        writer = self.writer
        # From here on other threads flush what they write themselves.
        writer.limit = 0
        try:
            writer.flush()
            more = self.reader.fill()
        finally:
            writer.limit = PENDING_CHARACTERS_MAX
        if self._flusher.parked:
            self._flusher.unpark()
        if not more:
            raise EndOfInput()

    def next_message(self):
        """The next message whatever it is, a dict or a list of task ids. Waits for it."""
        inbox = self.inbox
        while not inbox:
            self.fill()
        message = inbox.popleft()
        if type(message) is UnreadableMessage:
            self._die_of(message)
        return message

    def next_command(self):
        """The next command or tuple, a dict. Task ids that come before it go to those who asked."""
        message = self.next_message()
        while type(message) is list:
            self.deliver(message)
            message = self.next_message()
        return message

    def take_reply(self, message):
        """Deal with a message that is no dict."""
        if type(message) is not list:
            self._die_of(message)
        self.deliver(message)

    def deliver(self, ids):
        """Hand a reply to the one who has waited longest. A reply that nobody asked for is ignored."""
        if self.owed:
            self.owed.popleft().resolve(ids)

    def load(self, task_ids):
        """Wait until a list of task ids is known. Commands that arrive meanwhile keep their order."""
        skipped = []
        try:
            while not task_ids.is_known:
                message = self.next_message()
                if type(message) is list:
                    self.deliver(message)
                else:
                    skipped.append(message)
        finally:
            self.inbox.extendleft(reversed(skipped))

    def handshake(self):
        """Read the first message and answer with our pid. Returns (conf, context)."""
        setup = self.next_command()
        self.send_pid(setup.get('pidDir'))
        return setup.get('conf') or {}, setup.get('context') or {}

    def send_pid(self, pid_dir):
        """Tell the host our pid, and leave a file of that name where it may look for it."""
        pid = os.getpid()
        self.writer.add(pid_message(pid))
        self.writer.flush()
        if not pid_dir:
            return
        path = os.path.join(pid_dir, str(pid))
        try:
            open(path, 'w').close()
        except OSError as error:
            sys.stderr.write('polybolt: cannot create the pid file %s: %s\n' % (path, error.strerror))

    def ask(self, text, asker):
        """Write an emit to which a reply will come, for `asker`."""
        # Together, or two threads that emit could get each other's reply.
        with self._asking:
            self.owed.append(asker)
            self.writer.add(text)

    def flush(self):
        self.writer.flush()

    def let_go(self):
        """Leave the host's pipes to the host: what is written from now on goes nowhere, what is read is the end."""
        self.writer.abandon()
        self._asking = threading.RLock()
        # Not closed: another file could get the same number and then our output.
        null_fd = os.open(os.devnull, os.O_RDWR)
        for fd in (self.reader.fd, self.writer.fd):
            os.dup2(null_fd, fd, inheritable=False)
        os.close(null_fd)

    def _die_of(self, unreadable):
        sys.stderr.write(unreadable.text)
        self.writer.flush()
        raise unreadable


_channel = None


def connected():
    """The process's channel if there is one."""
    return _channel


def connect():
    """The process's channel. The first call installs the guard and starts the background flusher."""
    global _channel
    if _channel is None:
        input_fd, output_fd = take_stdio()
        writer = Writer(output_fd)
        flusher = Flusher(writer)
        _channel = Channel(Reader(input_fd), writer, flusher)
        flusher.start()
        flusher.unpark()
        atexit.register(_flush_at_exit, writer)
        # A forked child shares our pipes: it must neither write again what we have collected, nor keep the host from
        # seeing our end.
        if hasattr(os, 'register_at_fork'):
            os.register_at_fork(after_in_child=_channel.let_go)
    return _channel


def _flush_at_exit(writer):
    try:
        writer.flush()
    except HostGone:
        # Too late to change the exit status, and nobody is there to care.
        pass
