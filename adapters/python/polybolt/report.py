"""What a component tells its host besides tuples: log lines, errors and metrics.

Invariant: logs and errors are on their way to the host when the call returns. Before the component runs there is no host
to tell: then they go to stderr, so that a module can log while it is imported or tested.
"""

import sys
import traceback

from . import channel as _channel
from .frames import error_message, log_message, metric_message

LEVELS = ('trace', 'debug', 'info', 'warn', 'error')


def log(message, level='info'):
    """Write a line to the host's log. level: a name out of LEVELS or its number, 0 to 4."""
    number = LEVELS.index(level) if level in LEVELS else level
    if type(number) is not int or not 0 <= number < len(LEVELS):
        raise ValueError('there is no log level %r: use one of %s, or 0 to 4' % (level, ', '.join(LEVELS)))
    text = message if type(message) is str else str(message)
    _tell(log_message(text, number), '%s: %s' % (LEVELS[number], text))


def log_trace(message):
    log(message, 0)


def log_debug(message):
    log(message, 1)


def log_info(message):
    log(message, 2)


def log_warn(message):
    log(message, 3)


def log_error(message):
    log(message, 4)


def report_error(error):
    """Report an error against this component: an exception, told with its trace, or a text."""
    text = trace_of(error) if isinstance(error, BaseException) else str(error)
    _tell(error_message(text), text)


def report_metric(name, params):
    """Give the host a value for one of its metrics. Raises UnencodableValue."""
    text = metric_message(name, params)
    host = _channel.connected()
    if host is not None:
        host.writer.add(text)


def trace_of(error):
    """An exception's message with its trace, as Python prints it."""
    return ''.join(traceback.format_exception(type(error), error, error.__traceback__)).rstrip('\n')


def _tell(text, plain):
    host = _channel.connected()
    if host is None:
        sys.stderr.write(plain + '\n')
        return
    host.writer.add(text)
    host.writer.flush()
