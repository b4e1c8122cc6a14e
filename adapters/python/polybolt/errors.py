"""The exceptions of this library.

The three that end a process derive from SystemExit, so that an ``except Exception`` in user code cannot swallow them
and an uncaught one ends the interpreter with the right status and without a traceback.
"""


class UnencodableValue(TypeError, ValueError):
    """A value that JSON cannot hold. Raised before a byte is written; json raises TypeError or ValueError, so it is both."""


class EndOfInput(SystemExit):
    """The host has closed our input: the component ends with status 0."""

    def __init__(self):
        super().__init__(0)


class HostGone(SystemExit):
    """Nobody reads our output any more: the component ends with status 1, in silence."""

    def __init__(self):
        super().__init__(1)


class UnreadableMessage(SystemExit):
    """The host sent something that is no message. The text goes to stderr, the component ends with status 1."""

    SHOWN_BYTES_MAX = 200

    def __init__(self, frame, reason):
        super().__init__(1)
        shown = frame[: self.SHOWN_BYTES_MAX].decode('utf-8', 'backslashreplace')
        cut = ' (the first %d of %d bytes)' % (self.SHOWN_BYTES_MAX, len(frame))
        self.text = 'polybolt: cannot read a message from the host: %s\n  message%s: %s\n' % (
            reason,
            cut if len(frame) > self.SHOWN_BYTES_MAX else '',
            shown,
        )

    def __str__(self):
        return self.text
