"""Bytes from the host to messages.

Invariant: `inbox` holds whole messages in the order they came: dicts (commands and tuples), lists (task ids), or, as its
last, an UnreadableMessage. All messages of a chunk are decoded in one call of the JSON parser, which costs a quarter of
decoding them one by one.
"""

import json
import os
import select
import sys
from collections import deque

from .errors import UnreadableMessage

CHUNK_BYTES_MAX = 64 * 1024
_END = b'\nend\n'
_MESSAGE_TYPES = frozenset([dict, list])


class Reader(object):
    """Cuts a byte stream into messages. `fd` is read by fill(); feed() takes bytes from anywhere."""

    def __init__(self, fd=None, read=os.read):
        self.inbox = deque()
        # Replaced by who brings a JSON parser of their own: text in, value out, ValueError if it cannot.
        self.decode = None
        self.fd = fd
        self._read = read
        # Always starts with the line break before it, so that a message is what stands between two terminators.
        self._buffer = bytearray(b'\n')
        self._held_return = False
        self._unreadable = False

    def fill(self):
        """Read once, blocking until there is something. False at the end of the input."""
        while True:
            try:
                chunk = self._read(self.fd, CHUNK_BYTES_MAX)
                break
            except BlockingIOError:
                wait_for(self.fd, select.POLLIN)
        if not chunk:
            # A file whose last line lacks its line break still holds a whole message.
            if self._buffer.endswith(b'\nend'):
                self.feed(b'\n')
                return True
            return False
        self.feed(chunk)
        return True

    def feed(self, chunk):
        """Take bytes and put the messages they complete into the inbox."""
        if self._held_return or b'\r' in chunk:
            chunk = self._without_returns(chunk)
        buffer = self._buffer
        searched = len(buffer) - len(_END) + 1
        buffer += chunk
        end = buffer.rfind(_END, searched if searched > 0 else 0)
        if end < 0 or self._unreadable:
            return
        whole = bytes(buffer[:end])
        # The terminator's last line break stays, for the next search.
        del buffer[: end + len(_END) - 1]
        if self.decode is not None or not self._decode_together(whole):
            self._decode_each(whole)

    def _without_returns(self, chunk):
        # CRLF becomes LF; a return at the end of a chunk waits for what follows it. Inside a JSON string neither can be.
        if self._held_return:
            chunk = b'\r' + chunk
        self._held_return = chunk.endswith(b'\r')
        if self._held_return:
            chunk = chunk[:-1]
        return chunk.replace(b'\r\n', b'\n')

    # Hot path: once a chunk, 1.1 µs a message.
    def _decode_together(self, whole):
        try:
            text = whole.decode('utf-8')
            array = '[' + text.replace('\nend\n', ',') + ']'
            messages, stop = _raw_decode(array)
        except (ValueError, RecursionError):
            return False
        # A frame such as `1,2` would pass for two: the number of messages must be that of the terminators.
        if stop != len(array) or len(messages) != text.count('\nend\n') + 1:
            return False
        if not _MESSAGE_TYPES.issuperset(map(type, messages)):
            return False
        self.inbox.extend(messages)
        return True

    def _decode_each(self, whole):
        frame = []
        for line in whole.split(b'\n') + [b'end']:
            if line != b'end':
                frame.append(line)
                continue
            message = self._decode_one(b'\n'.join(frame))
            self.inbox.append(message)
            if isinstance(message, UnreadableMessage):
                # Where the next message starts is not known for sure: nothing after it is read.
                self._unreadable = True
                return
            frame = []

    def _decode_one(self, frame):
        frame = frame.strip()
        if not frame:
            return UnreadableMessage(frame, 'it is empty')
        try:
            text = frame.decode('utf-8')
            message = self.decode(text) if self.decode is not None else _decode_with_any_integer(text)
        except UnicodeDecodeError as error:
            return UnreadableMessage(frame, 'it is not UTF-8 (%s at byte %d)' % (error.reason, error.start))
        except RecursionError:
            return UnreadableMessage(frame, 'it is nested too deep')
        except ValueError as error:
            return UnreadableMessage(frame, 'it is not JSON (%s)' % error)
        if not isinstance(message, (dict, list)):
            return UnreadableMessage(frame, 'it is neither an object nor a list of task ids')
        return message


def wait_for(fd, event):
    """Wait until a descriptor that somebody made non-blocking can be read or written."""
    poller = select.poll()
    poller.register(fd, event)
    poller.poll()


def _decode_with_any_integer(text):
    # From 3.11 on Python refuses integers of more than 4300 digits, and 3.8.14 and later do so too.
    if not hasattr(sys, 'set_int_max_str_digits'):
        return json.loads(text)
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        return json.loads(text)
    finally:
        sys.set_int_max_str_digits(limit)


_raw_decode = json.JSONDecoder().raw_decode
