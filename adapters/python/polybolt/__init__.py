"""Spouts and bolts in Python for Polybolt, or any other host that speaks Storm's multilang protocol.

    from polybolt import BasicBolt

    class Split(BasicBolt):
        def process(self, tuple):
            for word in tuple.values[0].split():
                self.emit([word])

    Split().run()
"""

from .batching_bolt import BatchingBolt
from .bolt import BasicBolt, Bolt
from .errors import UnencodableValue
from .report import (
    log,
    log_debug,
    log_error,
    log_info,
    log_trace,
    log_warn,
    report_error,
    report_metric,
)
from .spout import ReliableSpout, Spout
from .task_ids import TaskIds
from .tuples import Tuple

__version__ = '0.1.0'

__all__ = [
    'BasicBolt',
    'BatchingBolt',
    'Bolt',
    'ReliableSpout',
    'Spout',
    'TaskIds',
    'Tuple',
    'UnencodableValue',
    'log',
    'log_debug',
    'log_error',
    'log_info',
    'log_trace',
    'log_warn',
    'report_error',
    'report_metric',
]
