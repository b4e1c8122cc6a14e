"""A bolt that processes its tuples in batches.

Invariant: every tuple waits in exactly one batch until that batch is processed, and is then acked or failed exactly once.
"""

from .bolt import Bolt
from .frames import anchored
from .report import report_error


class BatchingBolt(Bolt):
    """Collects tuples by key; a batch is processed when it holds `batch_size` tuples, and all are at a tick.

    Emits in process_batch are anchored to every tuple of the batch. Its tuples are acked after it, or, when it raises,
    the error is reported and they are failed; the process lives on. Set topology.tick.tuple.freq.secs, or the last few
    tuples of a stream that has come to rest wait for ever.
    """

    batch_size = 100

    _pb_batches = None
    # The tuples of the batch being processed that nobody has acked or failed yet, by identity and in order.
    _pb_open = {}
    _pb_head = None

    def group_key(self, tuple):
        """The batch that a tuple belongs to: anything hashable."""
        return None

    def process_batch(self, key, tuples):
        """Called with the tuples of one batch, in the order they came."""

    def emit(self, values, stream=None, anchors=None, direct_task=None, need_task_ids=False):
        """Emit a tuple, anchored to the whole batch unless `anchors` says otherwise. See Bolt.emit."""
        if anchors is not None:
            return Bolt.emit(self, values, stream, anchors, direct_task, need_task_ids)
        if self._pb_head is None:
            self._pb_head = anchored(self._pb_open.values())
        return self._pb_emit(self._pb_head, values, stream, direct_task, need_task_ids)

    def _pb_settle(self, tuple):
        if self._pb_open.pop(id(tuple), None) is not None:
            self._pb_head = None

    def _pb_start(self, conf, context):
        self._pb_batches = {}
        self._pb_open = {}
        Bolt._pb_start(self, conf, context)

    def _pb_handle(self, tuple):
        self._pb_begin([tuple])
        try:
            key = self.group_key(tuple)
            batch = self._pb_batches.setdefault(key, [])
        except Exception as error:
            self._pb_fail_open(error)
            return
        self._pb_begin([])
        batch.append(tuple)
        if len(batch) >= self.batch_size:
            self._pb_process(key)

    def _pb_handle_tick(self, tuple):
        for key in list(self._pb_batches):
            self._pb_process(key)
        self._pb_begin([tuple])
        try:
            self.process_tick(tuple)
        except Exception as error:
            self._pb_fail_open(error)
        else:
            self._pb_ack_open()

    def _pb_process(self, key):
        tuples = self._pb_batches.pop(key)
        self._pb_begin(tuples)
        try:
            self.process_batch(key, tuples)
        except Exception as error:
            self._pb_fail_open(error)
        else:
            self._pb_ack_open()

    def _pb_begin(self, tuples):
        self._pb_open = {id(tuple): tuple for tuple in tuples}
        self._pb_head = None

    def _pb_ack_open(self):
        for tuple in list(self._pb_open.values()):
            self.ack(tuple)

    def _pb_fail_open(self, error):
        report_error(error)
        for tuple in list(self._pb_open.values()):
            self.fail(tuple)
