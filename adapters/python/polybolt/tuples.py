"""The tuple that a bolt processes. Invariant: it is what the host sent; nothing in the library changes it."""


class Tuple(object):
    """One input of a bolt.

    id: what ack, fail and anchors name it by (a string). component, stream, task: where it came from.
    values: the list of its values.
    """

    __slots__ = ('id', 'component', 'stream', 'task', 'values')

    # Hot path: once a tuple.
    def __init__(self, id, component, stream, task, values):
        self.id = id
        self.component = component
        self.stream = stream
        self.task = task
        self.values = values

    @property
    def is_tick(self):
        """Whether the host's clock sent it."""
        return self.stream == '__tick' and self.component == '__system'

    @property
    def is_heartbeat(self):
        """Whether the host asks for a sign of life. The library answers it: bolts never see one."""
        return self.stream == '__heartbeat'

    def __repr__(self):
        return 'Tuple(id=%r, component=%r, stream=%r, task=%r, values=%r)' % (
            self.id,
            self.component,
            self.stream,
            self.task,
            self.values,
        )
