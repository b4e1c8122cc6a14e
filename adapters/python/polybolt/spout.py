"""Spouts: the plain one, and the reliable one, which emits again what failed.

Invariant: every command is answered with exactly one sync, after everything that it made the spout emit.
"""

from .component import Component
from .encode import encode_id, encode_values
from .errors import UnencodableValue
from .frames import SYNC, emit_message, identified
from .report import report_error


class Spout(Component):
    """A source of tuples. An exception that leaves one of its methods ends the process, but for UnencodableValue."""

    def open(self, conf, context):
        """Called once, before the first command."""

    def next_tuple(self):
        """Called when the host wants tuples. Emit one, or a few, or none; do not block for long."""

    def ack(self, id):
        """Called when everything that came of the tuple with this id is processed."""

    def fail(self, id):
        """Called when something that came of the tuple with this id failed, or took too long."""

    def activate(self):
        """Called when the topology is activated."""

    def deactivate(self):
        """Called when the topology is deactivated: next_tuple is not called until activate is."""

    def emit(self, values, id=None, stream=None, direct_task=None, need_task_ids=False):
        """Emit a tuple.

        id: what ack and fail will name it by, any JSON value; None: nobody tracks it.
        direct_task: the id of the only task to get it. need_task_ids: True to get a lazy list of the tasks it went to.
        Raises UnencodableValue.
        """
        return self._pb_emit(identified(id), values, stream, direct_task, need_task_ids)

    def _pb_start(self, conf, context):
        self.open(conf, context)

    def _pb_serve(self, channel):
        add = channel.writer.add
        at_boundary = channel.writer.at_boundary
        while True:
            command = channel.next_command()
            try:
                self._pb_obey(command.get('command'), command.get('id'))
            except UnencodableValue as error:
                report_error(error)
            add(SYNC)
            at_boundary()

    def _pb_obey(self, name, id):
        if name == 'next':
            self._pb_next()
        elif name == 'ack':
            self._pb_acked(id)
        elif name == 'fail':
            self._pb_failed(id)
        elif name == 'activate':
            self.activate()
        elif name == 'deactivate':
            self.deactivate()

    def _pb_next(self):
        self.next_tuple()

    def _pb_acked(self, id):
        self.ack(id)

    def _pb_failed(self, id):
        self.fail(id)


class ReliableSpout(Spout):
    """A spout that remembers what it emitted with an id until it is acked, and emits it again when it failed.

    What failed is emitted at the next `next`, instead of calling next_tuple. Its memory is bounded by how many tuples
    the host leaves pending: set topology.max.spout.pending.
    """

    # By the JSON of the id, since an id need not be hashable: the emit as it was written.
    _pb_pending = None
    # The keys of those that failed, in order; a dict for its set of ordered keys.
    _pb_failed_keys = None

    def emit(self, values, id=None, stream=None, direct_task=None, need_task_ids=False):
        head = identified(id)
        text = encode_values(values)
        task_ids = self._pb_emit_text(head, text, stream, direct_task, need_task_ids)
        if id is not None:
            key = encode_id(id)
            # The text and not the values, which the author may change after this.
            self._pb_pending[key] = emit_message(head, text, stream, direct_task, False)
            self._pb_failed_keys.pop(key, None)
        return task_ids

    @property
    def pending_count(self):
        """How many tuples have been emitted with an id and not been acked."""
        return len(self._pb_pending)

    def _pb_start(self, conf, context):
        self._pb_pending = {}
        self._pb_failed_keys = {}
        Spout._pb_start(self, conf, context)

    def _pb_next(self):
        if not self._pb_failed_keys:
            self.next_tuple()
            return
        failed, self._pb_failed_keys = self._pb_failed_keys, {}
        for key in failed:
            self._pb_add(self._pb_pending[key])

    def _pb_acked(self, id):
        key = encode_id(id)
        self._pb_pending.pop(key, None)
        self._pb_failed_keys.pop(key, None)
        self.ack(id)

    def _pb_failed(self, id):
        key = encode_id(id)
        if key in self._pb_pending:
            self._pb_failed_keys[key] = True
        self.fail(id)
