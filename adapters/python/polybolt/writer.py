"""Messages to bytes for the host, many to a write.

Invariant: `out` holds whole messages in order, and bytes reach the host in exactly that order whoever flushes: the
component's own thread or the background flusher. Appending to a list is atomic, so only flushing takes the lock.
"""

import os
import select
import sys
import threading
import time

from .errors import HostGone
from .reader import wait_for

# A tuple boundary flushes when so much has collected or so much time has passed since the last flush.
FLUSH_CHARACTERS = 64 * 1024
FLUSH_AFTER_SECS = 0.002
# Within one tuple more is flushed at once, so that memory stays bounded and a slow host holds the component back.
PENDING_CHARACTERS_MAX = 1024 * 1024


class Writer(object):
    """Collects messages and writes them together.

    An item of `out` is a message's text, or an object with settle(holders) that returns the text when it is flushed:
    `holders` is the number of references to it from outside, so an emit can see whether anybody still holds the list
    of task ids that it returned.
    """

    def __init__(self, fd, write=os.write, clock=time.monotonic):
        self.out = []
        self.size = 0
        # Zero while the component's thread waits for input: then what other threads write is flushed at once.
        self.limit = PENDING_CHARACTERS_MAX
        self.flushes = 0
        self.flushed_at = clock()
        self.clock = clock
        self.fd = fd
        self._write = write
        self._lock = threading.RLock()
        self._flushing = False
        self._unsent = b''
        self._broken = False

    # Hot path: twice a tuple.
    def add(self, text):
        """Append a whole message."""
        self.out.append(text)
        size = self.size + len(text)
        self.size = size
        if size >= self.limit:
            self.flush()

    def add_item(self, item, characters):
        """Append a whole message that is an object with settle(holders), of about so many characters."""
        self.out.append(item)
        size = self.size + characters
        self.size = size
        if size >= self.limit:
            self.flush()

    def at_boundary(self):
        """Between two tuples: flush if much has collected or the host has heard nothing for a while."""
        if self.size >= FLUSH_CHARACTERS or (self.out and self.clock() - self.flushed_at >= FLUSH_AFTER_SECS):
            self.flush()

    def flush(self):
        """Write all that waits. Raises HostGone when nobody reads."""
        with self._lock:
            # A signal handler that logs may come here while we are writing; the loop below takes its message along.
            if self._flushing:
                return
            self._flushing = True
            try:
                while self.out or self._unsent:
                    self._write_out()
            except OSError:
                self._broken = True
                self.out.clear()
                self._unsent = b''
            finally:
                self._flushing = False
            if self._broken:
                raise HostGone()

    def _write_out(self):
        if not self._unsent:
            batch = self.out[:]
            del self.out[: len(batch)]
            self.size = 0
            # Only inside strings can a surrogate stand alone, and there its backslash form is JSON's own escape.
            self._unsent = _text_of(batch).encode('utf-8', 'backslashreplace')
        # What is left is remembered on the object: an exception out of a signal handler must not lose half a message.
        while self._unsent:
            try:
                written = self._write(self.fd, self._unsent)
            except BlockingIOError:
                wait_for(self.fd, select.POLLOUT)
                continue
            self._unsent = self._unsent[written:] if written < len(self._unsent) else b''
        self.flushes += 1
        self.flushed_at = self.clock()

    def abandon(self):
        """In a forked child: drop what the parent will write, and write nothing from now on."""
        self._lock = threading.RLock()
        self._flushing = False
        self.out.clear()
        self.size = 0
        self._unsent = b''


def _text_of(batch):
    try:
        return ''.join(batch)
    except TypeError:
        return ''.join(_settled(batch))


def _settled(batch):
    texts = []
    for item in batch:
        if type(item) is not str:
            references = _count_references(item)
            item = item.settle(references - _REFERENCES_ALONE)
        texts.append(item)
    return texts


def _count_references(item):
    # PyPy counts none: there everything is taken to be held by somebody.
    return sys.getrefcount(item) if hasattr(sys, 'getrefcount') else sys.maxsize


class _Probe(object):
    references = None

    def settle(self, references):
        _Probe.references = references
        return ''


# Measured rather than known: how many references the code above holds itself differs from one Python to the next.
_REFERENCES_ALONE = 0
_settled([_Probe()])
_REFERENCES_ALONE = _Probe.references if hasattr(sys, 'getrefcount') else 0
