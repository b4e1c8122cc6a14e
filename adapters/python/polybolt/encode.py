"""JSON text of values and of whole messages.

Invariant: a text that leaves this file is one line (JSON escapes every line break inside strings) and valid JSON, but
for NaN, Infinity and -Infinity, which Storm's multilang allows. Lone surrogates stay in the text as they are; the
writer turns them into \\uXXXX when it encodes to UTF-8.
"""

import json
from json import encoder as _json_encoder

from .errors import UnencodableValue

_SHOWN_CHARACTERS_MAX = 200


def _encode_unknown(value):
    # The lazy list of task ids is no list to the C encoder, yet authors put it into tuples.
    from .task_ids import TaskIds

    if isinstance(value, TaskIds):
        return list(value)
    raise TypeError('Object of type %s is not JSON serializable' % type(value).__name__)


def _make_encoder():
    """One encoder made once: json.dumps makes a new one a call, which costs more than the encoding."""
    try:
        encode = _json_encoder.c_make_encoder(
            None, _encode_unknown, _json_encoder.encode_basestring, None, ':', ',', False, False, True
        )
        encode([''], 0)
        return encode
    except TypeError:
        # An interpreter without the C accelerator, such as PyPy.
        plain = json.JSONEncoder(
            ensure_ascii=False, check_circular=False, separators=(',', ':'), default=_encode_unknown
        ).encode
        return lambda value, _level: (plain(value),)


_encode_chunks = _make_encoder()
_join = ''.join
quote = _json_encoder.encode_basestring


def encode(value):
    """The JSON text of any value. Raises UnencodableValue."""
    try:
        return _join(_encode_chunks(value, 0))
    except Exception as error:
        raise UnencodableValue(_explain(value, error)) from error


# Hot path: once an emit, 0.6 µs for a sentence and a number.
def encode_values(values):
    """The JSON text of a tuple's values, which are a list or a tuple. Raises UnencodableValue."""
    if type(values) is not list and not isinstance(values, (list, tuple)):
        values = _as_list(values)
    try:
        return _join(_encode_chunks(values, 0))
    except Exception as error:
        raise UnencodableValue(_explain(values, error)) from error


def encode_id(tuple_id):
    """The JSON text of a tuple's id: a string from every known host, but any JSON is echoed as it came."""
    return quote(tuple_id) if type(tuple_id) is str else encode(tuple_id)


def _as_list(values):
    from .task_ids import TaskIds

    if isinstance(values, TaskIds):
        return list(values)
    raise UnencodableValue(
        'cannot emit %s: the values of a tuple are a list, as in emit([word])' % type(values).__name__
    )


def _explain(value, error):
    reason = 'it refers to itself or is nested too deep' if isinstance(error, RecursionError) else str(error)
    where = 'value'
    if isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            try:
                _encode_chunks(item, 0)
            except Exception:
                where, value = 'value %d' % index, item
                break
    try:
        shown = repr(value)[:_SHOWN_CHARACTERS_MAX]
    except Exception:
        shown = 'a %s' % type(value).__name__
    return 'cannot write %s as JSON: %s; it is %s. Emit strings, numbers, booleans, None, lists and dicts' % (
        where,
        reason,
        shown,
    )
