"""The messages that a component writes, as text.

Invariant: one JSON text on one line, then a line `end`; no spaces; the keys of an emit always in the order command, id or
anchors, stream, task, need_task_ids, tuple, so that the host recognises the shape of the emit before.
"""

from .encode import encode, encode_id, quote

END = '}\nend\n'
SYNC = '{"command":"sync"}\nend\n'
EMIT = '{"command":"emit"'
# What stands between the head of an emit that wants no task ids and its values.
WITHOUT_IDS = ',"need_task_ids":false,"tuple":'
ACK = '{"command":"ack","id":'
FAIL = '{"command":"fail","id":'


def anchored(tuples):
    """The head of an emit that is anchored to these tuples."""
    if type(tuples) is not list:
        tuples = list(tuples)
    if len(tuples) == 1:
        return EMIT + ',"anchors":[' + encode_id(tuples[0].id) + ']'
    if not tuples:
        return EMIT
    return EMIT + ',"anchors":[' + ','.join([encode_id(tuple.id) for tuple in tuples]) + ']'


def identified(tuple_id):
    """The head of a spout's emit. Without an id (None) the tuple is not tracked."""
    if tuple_id is None:
        return EMIT
    return EMIT + ',"id":' + encode_id(tuple_id)


def emit_message(head, text, stream, direct_task, need_task_ids):
    """A whole emit. `head` comes from anchored() or identified(), `text` is the JSON of the values."""
    if stream is not None:
        head += ',"stream":' + encode(stream)
    if direct_task is not None:
        head += ',"task":' + encode(direct_task)
    return head + (',"tuple":' if need_task_ids else WITHOUT_IDS) + text + END


def log_message(message, level):
    return '{"command":"log","msg":%s,"level":%d}\nend\n' % (quote(message), level)


def error_message(text):
    return '{"command":"error","msg":%s}\nend\n' % quote(text)


def metric_message(name, params):
    return '{"command":"metrics","name":%s,"params":%s}\nend\n' % (encode(name), encode(params))


def pid_message(pid):
    return '{"pid":%d}\nend\n' % pid
