"""Drop-in for the storm.py that Apache Storm 2.x ships: the same names, arguments, return values and module state.

Invariant: code written for Storm's module runs unmodified and never waits for task ids that it does not look at. It
differs in speed, in the guard of stdin and stdout, and in ending with status 1 after a crash. Needs `polybolt` beside it.
"""

# Those who write `from storm import *` get these names from Storm's module too, so none may be left out.
import json
import os  # noqa: F401
import sys
import traceback
from collections import deque

from polybolt import channel as _channels
from polybolt import encode as _encode
from polybolt import frames as _frames
from polybolt import task_ids as _task_ids
from polybolt.errors import EndOfInput as _EndOfInput

# Storm's module keeps every reply that nobody reads, for ever. Here the oldest are forgotten.
_PENDING_TASK_IDS_MAX = 65536

MODE = None
ANCHOR_TUPLE = None

# Commands that came while task ids were waited for, and task ids that came while commands were.
pending_commands = deque()
pending_taskids = deque(maxlen=_PENDING_TASK_IDS_MAX)

# The channel's own, once there is one: what has been read but not asked for yet, and those whom a reply is owed.
_inbox = ()
_owed = None
_writer = None


def json_encode(value):
    return json.dumps(value)


def json_decode(text):
    return json.loads(text)


# Whoever binds another function to these names gets it called for every message, as with Storm's module.
_own_json_encode = json_encode
_own_json_decode = json_decode


def _host():
    """The process's channel; the first call moves the protocol to private descriptors."""
    global _inbox, _owed, _writer
    channel = _channels.connect()
    if _writer is None:
        _inbox = channel.inbox
        _owed = channel.owed
        _writer = channel.writer
    channel.reader.decode = json_decode if json_decode is not _own_json_decode else None
    return channel


class _Emit(_task_ids.TaskIds):
    """What emit() returns, and the emit itself until it is flushed.

    Only then is it settled whether task ids are asked for: not if nobody holds this list any more, since then nobody
    can ever look into it.
    """

    def __init__(self, head, text):
        self._ids = None
        self._head = head
        self._text = text

    def _load(self, _task_ids_wanted):
        channel = _host()
        channel.flush()
        while self._ids is None:
            message = channel.next_message()
            if type(message) is not list:
                pending_commands.append(message)
            elif not _went_to_emit(message):
                pending_taskids.append(message)

    def settle(self, holders):
        if holders <= 0:
            return self._head + _frames.WITHOUT_IDS + self._text + _frames.END
        _owed.append(self)
        return self._head + ',"tuple":' + self._text + _frames.END


class _Asked(object):
    """An emit of emitBolt, emitSpout or sendMsgToParent: its reply is for readTaskIds."""

    __slots__ = ('_text',)

    def __init__(self, text):
        self._text = text

    def settle(self, _holders):
        # None stands for readTaskIds, whoever calls it.
        _owed.append(None)
        return self._text


def _went_to_emit(ids):
    """Whether a reply was for a list that emit() returned, and not for readTaskIds."""
    asker = _owed.popleft() if _owed else None
    if asker is None:
        return False
    asker.resolve(ids)
    return True


def readMsg():
    """The next message, a command, a tuple or a list of task ids that was not emit()'s. Waits for it."""
    channel = _host()
    while True:
        message = channel.next_message()
        if type(message) is not list or not _went_to_emit(message):
            return message


def readTaskIds():
    if pending_taskids:
        return pending_taskids.popleft()
    message = readMsg()
    while type(message) is not list:
        pending_commands.append(message)
        message = readMsg()
    return message


# Hot path: once a tuple.
def readCommand():
    if _writer is not None:
        _writer.at_boundary()
    if pending_commands:
        return pending_commands.popleft()
    if _inbox and type(_inbox[0]) is dict:
        return _inbox.popleft()
    message = readMsg()
    while type(message) is list:
        pending_taskids.append(message)
        message = readMsg()
    return message


def readTuple():
    cmd = readCommand()
    return Tuple(cmd['id'], cmd['comp'], cmd['stream'], cmd['task'], cmd['tuple'])


def sendMsgToParent(msg):
    text = _text_of(msg) + '\nend\n'
    command = msg.get('command') if isinstance(msg, dict) else None
    if command == 'emit' and not msg.get('task') and msg.get('need_task_ids') is not False:
        _add_item(_Asked(text), len(text))
        return
    _add(text)
    if command in ('log', 'error'):
        _host().flush()


def _text_of(msg):
    if json_encode is not _own_json_encode:
        return json_encode(msg)
    return _encode.encode(msg)


def _add(text):
    (_writer or _host().writer).add(text)


def _add_item(item, size):
    (_writer or _host().writer).add_item(item, size)


def sync():
    _add(_frames.SYNC)


def sendpid(heartbeatdir):
    _host().send_pid(heartbeatdir)


def emit(*args, **kwargs):
    """Emit a tuple. Returns the task ids it went to: a list that waits for them only when it is looked into."""
    if MODE == Bolt:
        head, text, direct_task = _bolt_parts(*args, **kwargs)
    elif MODE == Spout:
        head, text, direct_task = _spout_parts(*args, **kwargs)
    else:
        # Outside a bolt or spout Storm's module sends nothing either, and then waits for ever.
        return _task_ids.known_task_ids([])
    if direct_task is not None:
        # No reply comes to a direct emit. Storm's module waits for one all the same, and hangs.
        _add(head + _frames.WITHOUT_IDS + text + _frames.END)
        return _task_ids.known_task_ids([direct_task])
    item = _Emit(head, text)
    _add_item(item, len(head) + len(text))
    return item


def emitDirect(task, *args, **kwargs):
    kwargs['directTask'] = task
    if MODE == Bolt:
        emitBolt(*args, **kwargs)
    elif MODE == Spout:
        emitSpout(*args, **kwargs)


def emitBolt(tup, stream=None, anchors=[], directTask=None):
    _emit_and_ask(_bolt_parts(tup, stream, anchors, directTask))


def emitSpout(tup, stream=None, id=None, directTask=None):
    _emit_and_ask(_spout_parts(tup, stream, id, directTask))


def _emit_and_ask(parts):
    head, text, direct_task = parts
    if direct_task is not None:
        _add(head + _frames.WITHOUT_IDS + text + _frames.END)
    else:
        message = head + ',"tuple":' + text + _frames.END
        _add_item(_Asked(message), len(message))


def _bolt_parts(tup, stream=None, anchors=[], directTask=None):
    if ANCHOR_TUPLE is not None:
        anchors = [ANCHOR_TUPLE]
    return _parts(_frames.anchored(anchors), tup, stream, directTask)


def _spout_parts(tup, stream=None, id=None, directTask=None):
    return _parts(_frames.identified(id), tup, stream, directTask)


def _parts(head, tup, stream, direct_task):
    """The text of an emit up to its values, the text of its values, and its only task if it names one."""
    text = _encode.encode_values(tup) if json_encode is _own_json_encode else json_encode(tup)
    if stream is not None:
        head += ',"stream":' + _encode.encode(stream)
    if direct_task is not None:
        head += ',"task":' + _encode.encode(direct_task)
    return head, text, direct_task


def ack(tup):
    _add(_frames.ACK + _encode.encode_id(tup.id) + _frames.END)


def fail(tup):
    _add(_frames.FAIL + _encode.encode_id(tup.id) + _frames.END)


def reportError(msg):
    sendMsgToParent({'command': 'error', 'msg': msg})


def log(msg, level=2):
    sendMsgToParent({'command': 'log', 'msg': msg, 'level': level})


def logTrace(msg):
    log(msg, 0)


def logDebug(msg):
    log(msg, 1)


def logInfo(msg):
    log(msg, 2)


def logWarn(msg):
    log(msg, 3)


def logError(msg):
    log(msg, 4)


def rpcMetrics(name, params):
    sendMsgToParent({'command': 'metrics', 'name': name, 'params': params})


def initComponent():
    setupInfo = readMsg()
    sendpid(setupInfo['pidDir'])
    return [setupInfo['conf'], setupInfo['context']]


class Tuple(object):
    def __init__(self, id, component, stream, task, values):
        self.id = id
        self.component = component
        self.stream = stream
        self.task = task
        self.values = values

    def __repr__(self):
        attributes = sorted(self.__dict__.items())
        return '<%s%s>' % (type(self).__name__, ''.join([' %s=%r' % item for item in attributes]))

    def is_heartbeat_tuple(self):
        return self.task == -1 and self.stream == '__heartbeat'


def _run(mode, component, serve):
    """The life of any component: handshake, initialize, serve until the end of the input or a crash."""
    global MODE
    MODE = mode
    try:
        conf, context = initComponent()
        try:
            component.initialize(conf, context)
            serve()
        except Exception:
            reportError(traceback.format_exc())
            # The host sees our end at once, even if user threads keep the process from ending.
            _host().let_go()
            sys.exit(1)
    except _EndOfInput:
        _host().flush()


class Bolt(object):
    def initialize(self, stormconf, context):
        pass

    def process(self, tuple):
        pass

    def run(self):
        _run(Bolt, self, self._serve)

    def _serve(self):
        while True:
            tup = readTuple()
            if tup.is_heartbeat_tuple():
                sync()
            else:
                self.process(tup)


class BasicBolt(object):
    def initialize(self, stormconf, context):
        pass

    def process(self, tuple):
        pass

    def run(self):
        _run(Bolt, self, self._serve)

    def _serve(self):
        global ANCHOR_TUPLE
        while True:
            tup = readTuple()
            if tup.is_heartbeat_tuple():
                sync()
                continue
            ANCHOR_TUPLE = tup
            try:
                self.process(tup)
                ack(tup)
            except Exception:
                reportError(traceback.format_exc())
                fail(tup)


class Spout(object):
    def initialize(self, conf, context):
        pass

    def activate(self):
        pass

    def deactivate(self):
        pass

    def ack(self, id):
        pass

    def fail(self, id):
        pass

    def nextTuple(self):
        pass

    def run(self):
        _run(Spout, self, self._serve)

    def _serve(self):
        while True:
            msg = readCommand()
            command = msg['command']
            if command == 'next':
                self.nextTuple()
            elif command == 'ack':
                self.ack(msg['id'])
            elif command == 'fail':
                self.fail(msg['id'])
            elif command == 'activate':
                self.activate()
            elif command == 'deactivate':
                self.deactivate()
            sync()
