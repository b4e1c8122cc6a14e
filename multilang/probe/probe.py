#!/usr/bin/env python3
"""The probe of `polybolt conform-host`: a spout and two bolts that put a host to the test.

It decides nothing. Each process writes down, message by message, what it read, what it wrote and when, as NDJSON; `polybolt conform-host
--report FILE` judges that. It speaks the protocol by itself, with no library, so that nothing can hide what the host did.

    python3 probe.py spout|bolt|sink json|msgpack
"""

import json
import os
import select
import struct
import sys
import time
from collections import deque

ROLE = sys.argv[1]
SERIALIZER = sys.argv[2] if len(sys.argv) > 2 else "json"

#: Values that are easily damaged on their way: numbers at the edges, text that looks like framing, nesting.
VALUES = [
    1.0, -0.5, 1e300, 0, -1, 9007199254740993, 9223372036854775807, True, False, None, "", "end", "a\nend\nb", '"\\\u0001\u2028',
    "zählen \u65e5\u672c \U0001f600", [], {}, [[1, [2.5, {"k": None}]]], {"tuple": [1], "id": "x"},
]
#: Ids of every JSON type, the ones that count as false among them.
IDS = ["s-1", 7, 0, "", False, True, 1.5, [1, "a"], {"k": [None]}]
DEAF_S = 2.0
BUSY_S = 2.0
FLOOD_BATCH = 500
FLOOD_MAX = 300000
MAX_PENDING = 3
REPLY_S = 5.0


def now_ms():
    return round(time.monotonic() * 1000, 1)


class Report:
    """One line of NDJSON for each thing that happens; lines of several processes may go to the same file."""

    def __init__(self, path):
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self.run = "%d-%d" % (os.getpid(), time.monotonic() * 1000)
        self.count = 0

    def add(self, **facts):
        self.count += 1
        line = {"role": ROLE, "run": self.run, "n": self.count, "at_ms": now_ms()}
        line.update(facts)
        os.write(self.file, (json.dumps(line) + "\n").encode())

    def message(self, direction, frame, **facts):
        """Values and ids also as text, since not every reader of this file can hold every number."""
        if isinstance(frame, dict):
            exact = {key: json.dumps(frame[key]) for key in ("tuple", "id") if key in frame}
            if exact:
                facts["exact"] = exact
        self.add(dir=direction, frame=frame, **facts)


class Gone(Exception):
    """The host has closed our stdin."""


class JsonWire:
    @staticmethod
    def pack(message):
        return (json.dumps(message, separators=(",", ":")) + "\nend\n").encode()

    def __init__(self):
        self.lines = []
        self.rest = b""

    def unpack(self, data):
        """The messages that are whole now, each with what is wrong with its form."""
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            if line != b"end":
                self.lines.append(line)
                continue
            form = None
            if len(self.lines) != 1 or b"\r" in self.lines[0]:
                form = "%d lines before the line end" % len(self.lines)
            content = b"\n".join(self.lines)
            self.lines = []
            yield json.loads(content.decode()), form


class MsgpackWire:
    def __init__(self):
        self.data = b""
        self.pos = 0
        self.form = None

    def unpack(self, data):
        self.data += data
        while self.data:
            self.pos = 0
            self.form = None
            try:
                value = self.value()
            except (IndexError, struct.error):
                return  # Not whole yet.
            self.data = self.data[self.pos:]
            yield value, self.form

    def take(self, form):
        (value,) = struct.unpack_from(form, self.data, self.pos)
        self.pos += struct.calcsize(form)
        return value

    def text(self, length):
        raw = self.data[self.pos:self.pos + length]
        if len(raw) < length:
            raise IndexError
        self.pos += length
        return raw.decode()

    def array(self, length):
        return [self.value() for _ in range(length)]

    def map(self, length):
        result = {}
        for _ in range(length):
            key = self.value()
            if not isinstance(key, str):
                self.form = "a map with the key %r" % (key,)
            result[key if isinstance(key, str) else str(key)] = self.value()
        return result

    def value(self):
        first = self.take(">B")
        if first < 0x80:
            return first
        if first < 0x90:
            return self.map(first & 15)
        if first < 0xA0:
            return self.array(first & 15)
        if first < 0xC0:
            return self.text(first & 31)
        if first >= 0xE0:
            return first - 256
        if first in (0xC0, 0xC2, 0xC3):
            return {0xC0: None, 0xC2: False, 0xC3: True}[first]
        if 0xCA <= first <= 0xD3:
            return self.take(">" + "fdBHIQbhiq"[first - 0xCA])
        if first in (0xD9, 0xDA, 0xDB):
            return self.text(self.take({0xD9: ">B", 0xDA: ">H", 0xDB: ">I"}[first]))
        if first in (0xDC, 0xDD):
            return self.array(self.take(">H" if first == 0xDC else ">I"))
        if first in (0xDE, 0xDF):
            return self.map(self.take(">H" if first == 0xDE else ">I"))
        raise ValueError("the host wrote the type %02x, which this protocol does not use" % first)

    @classmethod
    def pack(cls, value):
        if value is None:
            return b"\xc0"
        if value is True or value is False:
            return b"\xc3" if value else b"\xc2"
        if isinstance(value, float):
            return b"\xcb" + struct.pack(">d", value)
        if isinstance(value, int):
            if -32 <= value < 128:
                return struct.pack("b", value) if value < 0 else struct.pack("B", value)
            return b"\xd3" + struct.pack(">q", value) if value < 2**63 else b"\xcf" + struct.pack(">Q", value)
        if isinstance(value, str):
            raw = value.encode()
            return (struct.pack("B", 0xA0 | len(raw)) if len(raw) < 32 else b"\xdb" + struct.pack(">I", len(raw))) + raw
        if isinstance(value, list):
            head = struct.pack("B", 0x90 | len(value)) if len(value) < 16 else b"\xdd" + struct.pack(">I", len(value))
            return head + b"".join(cls.pack(item) for item in value)
        head = struct.pack("B", 0x80 | len(value)) if len(value) < 16 else b"\xdf" + struct.pack(">I", len(value))
        return head + b"".join(cls.pack(key) + cls.pack(item) for key, item in value.items())


class Probe:
    def __init__(self):
        self.stdin = sys.stdin.fileno()
        self.stdout = sys.stdout.fileno()
        self.wire = MsgpackWire() if SERIALIZER == "msgpack" else JsonWire()
        self.inbox = deque()
        self.report = None
        self.early = []

    # Reading and writing.

    def poll(self, seconds):
        """Reads once if there is something to read within so many seconds; messages are written down as they are read."""
        ready, _, _ = select.select([self.stdin], [], [], max(0, seconds))
        if not ready:
            return False
        data = os.read(self.stdin, 65536)
        if not data:
            self.report and self.report.add(event="eof")
            raise Gone()
        for frame, form in self.wire.unpack(data):
            self.seen(frame, form)
            self.inbox.append(frame)
        return True

    def seen(self, frame, form):
        if self.report is None:
            self.early.append((frame, form))
        elif not self.is_flood(frame):
            self.report.message("host", frame, **({"form": form} if form else {}))

    @staticmethod
    def is_flood(frame):
        return isinstance(frame, dict) and frame.get("tuple", [None])[:1] == ["flood"]

    def next_message(self, seconds=None):
        """The next message, or None after so many seconds."""
        until = None if seconds is None else time.monotonic() + seconds
        while not self.inbox:
            if not self.poll(3600 if until is None else until - time.monotonic()) and until is not None and time.monotonic() >= until:
                return None
        return self.inbox.popleft()

    def write(self, data):
        while data:
            data = data[os.write(self.stdout, data):]

    def send(self, message, quiet=False, **facts):
        if not quiet:
            self.report.message("component", message, **facts)
        self.write(self.wire.pack(message))

    def reply(self):
        """Waits for a reply to an emit; whatever else comes first is kept in order."""
        until = time.monotonic() + REPLY_S
        while True:
            for frame in self.inbox:
                if isinstance(frame, list):
                    self.inbox.remove(frame)
                    return frame
            if time.monotonic() >= until:
                return None
            self.poll(until - time.monotonic())

    # The handshake.

    def handshake(self):
        while not self.inbox:
            self.poll(3600)
        hello = self.inbox.popleft()
        conf = hello.get("conf") or {} if isinstance(hello, dict) else {}
        path = conf.get("probe.report") or "report.ndjson"
        self.context = hello.get("context") or {}
        self.past = self.read_past(path)
        self.report = Report(path)
        for frame, form in self.early:
            self.report.message("host", frame, **({"form": form} if form else {}))
        # A host that does not wait for the pid shows itself now.
        self.poll(0.2)
        self.facts(hello)
        self.send({"pid": os.getpid()})

    @staticmethod
    def read_past(path):
        """What earlier processes have written: some hosts start all components anew when one ends."""
        try:
            with open(path) as file:
                return [json.loads(line) for line in file if line.endswith("\n")]
        except (OSError, ValueError):
            return []

    def facts(self, hello):
        pid_dir = "ok"
        try:
            with open(os.path.join(hello["pidDir"], str(os.getpid())), "w"):
                pass
        except Exception as error:  # Told to the judge, whatever it is.
            pid_dir = "%s: %s" % (type(error).__name__, error)
        self.report.add(
            event="facts", serializer=SERIALIZER, argv=sys.argv, cwd=os.getcwd(), files=sorted(os.listdir("."))[:100],
            env={key: os.environ.get(key) for key in ("PROBE_ENVIRONMENT", "PATH")}, pid_dir=pid_dir, host=os.uname().nodename,
        )

    def run(self):
        try:
            self.handshake()
            self.work()
        except Gone:
            sys.exit(0)


class Bolt(Probe):
    def __init__(self):
        super().__init__()
        self.timers = []
        self.late = []
        self.flood = 0
        self.in_order = True
        self.wakes = 0

    def work(self):
        while True:
            wait = min([at for at, _ in self.timers], default=None)
            message = self.next_message(None if wait is None else max(0, wait - time.monotonic()))
            for timer in [timer for timer in self.timers if timer[0] <= time.monotonic()]:
                self.timers.remove(timer)
                self.send({"command": "ack", "id": timer[1]})
            if isinstance(message, dict):
                self.take(message)

    def take(self, message):
        if message.get("stream") == "__heartbeat":
            return self.send({"command": "sync"})
        ident = message["id"]
        if message.get("comp") == "__system":
            return self.send({"command": "ack", "id": ident})
        order, *rest = message["tuple"]
        handler = getattr(self, "do_" + str(order).replace("-", "_"), None)
        if handler is None:
            self.send({"command": "ack", "id": ident})
        else:
            handler(ident, *rest)

    def ack(self, ident):
        self.send({"command": "ack", "id": ident})

    def do_fail(self, ident, *_):
        self.send({"command": "fail", "id": ident})

    do_sink_fail = do_fail

    def do_hold(self, ident, number, milliseconds):
        self.timers.append((time.monotonic() + milliseconds / 1000, ident))

    def do_sink_hold(self, ident, milliseconds):
        self.do_hold(ident, 0, milliseconds)

    def do_late(self, ident, *_):
        self.late.append(ident)

    def do_release(self, ident, *_):
        for held in self.late + [ident]:
            self.ack(held)
        self.late = []

    def emit(self, ident, values, wait=False, **more):
        message = {"command": "emit", "anchors": [ident], "tuple": values}
        message.update(more)
        self.send(message)
        if wait:
            self.report.add(event="reply", reply=self.reply())

    def do_ids(self, ident, *_):
        """Emits of every kind, first waiting for each reply, then without."""
        sink = next((int(task) for task, name in self.context["task->component"].items() if name == "probe-sink"), 0)
        self.emit(ident, ["a", 1], wait=True, stream="out")
        self.emit(ident, ["b", 2], wait=True, stream="nobody", anchors=ident)
        self.emit(ident, ["c", 3], stream="out", anchors=[ident, ident])
        self.emit(ident, ["d", 4], stream="nobody", anchors=None)
        self.emit(ident, ["e", 5], stream="out", need_task_ids=False)
        self.emit(ident, ["f", 6], stream="straight", task=sink)
        self.emit(ident, ["g", 7], stream="straight", task=sink, need_task_ids=False)
        self.emit(ident, ["h", 8], stream="out", anchors=[], need_task_ids=True)
        replies = []
        while len(replies) < 3:
            reply = self.reply()
            if reply is None:
                break
            replies.append(reply)
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            self.poll(until - time.monotonic())
        self.report.add(event="replies", replies=replies, surplus=[frame for frame in self.inbox if isinstance(frame, list)])
        self.ack(ident)

    def do_tree_fail(self, ident, number, *_):
        self.emit(ident, ["sink-fail", number], stream="out", need_task_ids=False)
        self.ack(ident)

    def do_tree_ack(self, ident, number, *_):
        self.emit(ident, ["sink-hold", 1200], stream="out", need_task_ids=False)
        self.ack(ident)

    def do_stderr(self, ident, *_):
        """A mebibyte on stderr, in one go, as a library may write it that knows nothing of all this."""
        line = b"probe: text for the log " * 3 + b"\n"
        rest = line * (1048576 // len(line))
        written = self.write_slowly(2, rest, 5)
        self.report.add(event="stderr", bytes=len(rest), written=written)
        self.ack(ident)

    def do_log_error(self, ident, *_):
        for level in range(5):
            self.send({"command": "log", "msg": "probe: level %d" % level, "level": level})
        self.send({"command": "error", "msg": "probe: an error that is none"})
        self.ack(ident)

    def do_busy(self, ident, *_):
        """Works without reading."""
        start = now_ms()
        time.sleep(BUSY_S)
        self.report.add(event="busy", from_ms=start, to_ms=now_ms())
        self.ack(ident)

    def do_deaf(self, ident, *_):
        """Reads nothing for a while, and yet writes."""
        self.ack(ident)
        start = now_ms()
        self.report.add(event="deaf", from_ms=start)
        message = self.wire.pack({"command": "log", "msg": "probe: " + "x" * 1000, "level": 0})
        rest = message * (262144 // len(message))
        before = time.monotonic()
        written = self.write_slowly(self.stdout, rest, DEAF_S)
        seconds = time.monotonic() - before
        time.sleep(max(0, DEAF_S - seconds))
        self.report.add(event="hearing", from_ms=start, to_ms=now_ms(), bytes=len(rest), written=written)
        # What is left of the last message must follow, or nothing that comes later can be read.
        self.write(rest[written:])

    @staticmethod
    def write_slowly(file, data, seconds):
        """Writes what the other side takes within so many seconds."""
        until = time.monotonic() + seconds
        written = 0
        os.set_blocking(file, False)
        try:
            while written < len(data) and time.monotonic() < until:
                _, ready, _ = select.select([], [file], [], max(0, until - time.monotonic()))
                if ready:
                    try:
                        written += os.write(file, data[written:written + 65536])
                    except BlockingIOError:
                        pass
        finally:
            os.set_blocking(file, True)
        return written

    def do_flood(self, ident, number, *_):
        if number != self.flood:
            self.in_order = False
        self.flood += 1
        self.send({"command": "ack", "id": ident}, quiet=True)

    def do_flood_end(self, ident, total, *_):
        self.report.add(event="flood", received=self.flood, sent=total, in_order=self.in_order)
        self.ack(ident)

    def do_die(self, ident, *_):
        self.report.add(event="die")
        os._exit(0)


class Spout(Probe):
    """Goes through its phases one by one; each ends when all that it emitted has had its verdict."""

    PHASES = ["ids", "verdicts", "replies", "trees", "saturate", "trouble", "late", "deaf", "die", "done"]

    def work(self):
        begun = [line["phase"] for line in self.past if line.get("role") == "spout" and line.get("event") == "phase"]
        # A process that was started anew goes on where the one before it was.
        self.phase = self.PHASES.index(begun[-1]) if begun else -1
        self.queue = deque()
        #: Reliable emits without a verdict.
        self.waiting = 0
        #: Tuples of the flood so far, while there is one.
        self.flooding = None
        self.number = 0
        while True:
            message = self.next_message()
            if not isinstance(message, dict):
                continue
            command = message.get("command")
            was_told = self.is_told
            self.in_turn = True
            if command == "next":
                self.next_tuple()
            elif command in ("ack", "fail"):
                self.verdict(command, message.get("id"))
            # A host that does not wait for sync shows itself now.
            if command != "next" or self.number < 20:
                self.poll(0.02)
            self.send({"command": "sync"}, quiet=not was_told)
            self.in_turn = False

    #: Whether the next `next` will cause nothing; there are many of these, and only those that should not have come are told.
    is_quiet = False
    is_told = True
    in_turn = False

    def seen(self, frame, form):
        if self.report is not None and isinstance(frame, dict) and frame.get("command") == "next":
            self.is_told = not self.is_quiet or self.in_turn or self.waiting >= MAX_PENDING
            if not self.is_told:
                return
        else:
            self.is_told = True
        super().seen(frame, form)

    def emit(self, values, quiet=False, **more):
        message = {"command": "emit", "need_task_ids": False, "tuple": values}
        message.update(more)
        self.send(message, quiet=quiet)
        self.number += 1
        if more.get("id") is not None:
            self.waiting += 1

    def next_tuple(self):
        if self.flooding is not None:
            return self.flood()
        if not self.queue and self.waiting == 0:
            self.begin()
        if self.queue:
            self.queue.popleft()()
        self.is_quiet = not self.queue

    def begin(self):
        if self.phase == len(self.PHASES) - 1:
            return
        self.phase += 1
        phase = self.PHASES[self.phase]
        self.report.add(event="phase", phase=phase)
        getattr(self, "phase_" + phase)()

    def later(self, *values, **more):
        self.queue.append(lambda: self.emit(list(values), **more))

    def phase_ids(self):
        self.queue.append(self.with_reply)
        for ident in IDS[1:]:
            self.later("values", 0, VALUES, id=ident)
        self.later("values", 0, VALUES)
        self.later("values", 0, VALUES, id=None)

    def with_reply(self):
        self.emit(["values", 0, VALUES], id=IDS[0], need_task_ids=True)
        self.report.add(event="reply", reply=self.reply())

    def phase_verdicts(self):
        self.later("fail", 0, None, id="f")

    def phase_replies(self):
        self.later("ids", 0, None, id="b")

    def phase_trees(self):
        self.later("tree-fail", 0, None, id="t1")
        self.later("tree-ack", 0, None, id="t2")

    def phase_saturate(self):
        for number in range(6):
            self.later("hold", number, 700, id="sat-%d" % number)

    def phase_trouble(self):
        self.later("stderr", 0, None, id="stderr")
        self.later("log-error", 0, None, id="log")
        self.later("busy", 0, None, id="busy")

    def phase_late(self):
        self.later("late", 0, None, id="late")

    def phase_deaf(self):
        self.later("deaf", 0, None, id="deaf")
        self.queue.append(self.begin_flood)

    def begin_flood(self):
        self.flooding = 0
        self.flood_ms = self.flood_last_ms = now_ms()
        self.pause_ms = 0

    def flood(self):
        """Emits without ids until the host pauses, as nobody takes the tuples any more."""
        self.is_quiet = True
        now = now_ms()
        self.pause_ms = max(self.pause_ms, now - self.flood_last_ms)
        if self.flooding < FLOOD_MAX and self.pause_ms < 500 and now - self.flood_ms < DEAF_S * 1000 + 2000:
            batch = b"".join(
                self.wire.pack({"command": "emit", "need_task_ids": False, "tuple": ["flood", self.flooding + i, "x" * 64]})
                for i in range(FLOOD_BATCH)
            )
            self.write(batch)
            self.flooding += FLOOD_BATCH
            self.flood_last_ms = now_ms()
            return
        self.report.add(event="flooded", sent=self.flooding, from_ms=self.flood_ms, pause_ms=round(self.pause_ms, 1))
        self.total = self.flooding
        self.flooding = None
        self.emit(["flood-end", self.total, None], id="flood-end")

    def phase_die(self):
        self.later("die", 0, None, id="die")

    def phase_done(self):
        pass

    def verdict(self, verdict, ident):
        self.waiting = max(0, self.waiting - 1)
        if verdict == "fail":
            # At once and under the same id, within the very command that says so.
            if ident == "flood-end":
                self.emit(["flood-end", self.total, None], id=ident)
            else:
                self.emit(["again", 0, None], id=ident)
            if ident == "late":
                self.later("release", 0, None, id="release")
        elif ident == "f":
            self.emit(["again", 1, None], id="g")


if __name__ == "__main__":
    if ROLE not in ("spout", "bolt", "sink") or SERIALIZER not in ("json", "msgpack"):
        sys.exit(__doc__)
    (Spout if ROLE == "spout" else Bolt)().run()
