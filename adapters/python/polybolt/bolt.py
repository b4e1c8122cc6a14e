"""Bolts: the plain one, whose author acks and fails, and the basic one, which does both for its author.

Invariant: at most one ack or fail of the library's own for a tuple, and none for one that its author has settled.
Heartbeats are answered and ticks are acked here; process() sees neither.
"""

from .component import UNANCHORED, Component
from .encode import encode_id, encode_values
from .errors import UnencodableValue
from .frames import ACK, END, FAIL, SYNC, WITHOUT_IDS, anchored
from .report import report_error
from .tuples import Tuple


class Bolt(Component):
    """A bolt that manages its tuples itself: it names anchors, acks and fails."""

    # The tuple being processed, until somebody acks or fails it.
    _pb_current = None

    def prepare(self, conf, context):
        """Called once, before the first tuple."""

    def process(self, tuple):
        """Called for each tuple. An exception that leaves it ends the process, but for UnencodableValue."""

    def process_tick(self, tuple):
        """Called for each tick; the library acks it."""

    def emit(self, values, stream=None, anchors=None, direct_task=None, need_task_ids=False):
        """Emit a tuple.

        anchors: the tuples that fail when this one fails: a list of Tuple, or one. None and [] anchor to nothing.
        direct_task: the id of the only task to get it. need_task_ids: True to get a lazy list of the tasks it went to.
        Raises UnencodableValue.
        """
        return self._pb_emit(_head_of(anchors), values, stream, direct_task, need_task_ids)

    def ack(self, tuple):
        """Say that a tuple is processed."""
        self._pb_settle(tuple)
        self._pb_add(ACK + encode_id(tuple.id) + END)

    def fail(self, tuple):
        """Say that a tuple is to be emitted again by its spout."""
        self._pb_settle(tuple)
        self._pb_add(FAIL + encode_id(tuple.id) + END)

    def _pb_settle(self, tuple):
        if tuple is self._pb_current:
            self._pb_current = None

    def _pb_start(self, conf, context):
        self.prepare(conf, context)

    # Hot path: once a tuple.
    def _pb_serve(self, channel):
        inbox = channel.inbox
        next_message = inbox.popleft
        at_boundary = channel.writer.at_boundary
        handle = self._pb_handle
        while True:
            if not inbox:
                channel.fill()
                continue
            message = next_message()
            if type(message) is not dict:
                channel.take_reply(message)
                continue
            try:
                tuple = Tuple(message['id'], message['comp'], message['stream'], message['task'], message['tuple'])
            except KeyError:
                # A heartbeat is known by its stream and task and may come without the rest (ML-HB-04). Anything else
                # is no tuple but a command that this library does not know.
                if message.get('stream') == '__heartbeat' and message.get('task') == -1:
                    self._pb_add(SYNC)
                    at_boundary()
                continue
            if tuple.stream == 'default':
                handle(tuple)
            elif tuple.is_heartbeat:
                self._pb_add(SYNC)
            elif tuple.is_tick:
                self._pb_handle_tick(tuple)
            else:
                handle(tuple)
            at_boundary()

    def _pb_handle(self, tuple):
        self._pb_current = tuple
        try:
            self.process(tuple)
        except UnencodableValue as error:
            self._pb_fail_current(error)
        self._pb_current = None

    def _pb_handle_tick(self, tuple):
        self._pb_current = tuple
        try:
            self.process_tick(tuple)
            self._pb_ack_current()
        except UnencodableValue as error:
            self._pb_fail_current(error)
        self._pb_current = None

    def _pb_ack_current(self):
        if self._pb_current is not None:
            self.ack(self._pb_current)

    def _pb_fail_current(self, error):
        report_error(error)
        if self._pb_current is not None:
            self.fail(self._pb_current)


class BasicBolt(Bolt):
    """A bolt whose emits are anchored to its input, which is acked when process() returns.

    When process() raises, the error is reported and the input is failed; the process lives on. An author who wants to
    fail a tuple without an error calls self.fail(tuple).
    """

    _pb_head = UNANCHORED

    # Hot path: once an emit.
    def emit(self, values, stream=None, anchors=None, direct_task=None, need_task_ids=False):
        """Emit a tuple, anchored to the input unless `anchors` says otherwise ([]: to nothing). See Bolt.emit."""
        head = self._pb_head if anchors is None else _head_of(anchors)
        if stream is None and direct_task is None and not need_task_ids and self._pb_add is not None:
            self._pb_add(head + WITHOUT_IDS + encode_values(values) + END)
            return None
        return self._pb_emit(head, values, stream, direct_task, need_task_ids)

    def _pb_settle(self, tuple):
        if tuple is self._pb_current:
            self._pb_current = None
            # Nothing may be anchored to a tuple that is done with.
            self._pb_head = UNANCHORED

    # Hot path: once a tuple.
    def _pb_handle(self, tuple):
        quoted = encode_id(tuple.id)
        self._pb_current = tuple
        self._pb_head = UNANCHORED + ',"anchors":[' + quoted + ']'
        try:
            self.process(tuple)
        except Exception as error:
            self._pb_fail_current(error)
        else:
            if self._pb_current is not None:
                self._pb_add(ACK + quoted + END)
        self._pb_current = None
        self._pb_head = UNANCHORED

    def _pb_handle_tick(self, tuple):
        self._pb_current = tuple
        self._pb_head = anchored([tuple])
        try:
            self.process_tick(tuple)
            self._pb_ack_current()
        except Exception as error:
            self._pb_fail_current(error)
        self._pb_current = None
        self._pb_head = UNANCHORED


def _head_of(anchors):
    if not anchors:
        return UNANCHORED
    return anchored([anchors] if isinstance(anchors, Tuple) else anchors)
