"""The background flusher: a daemon thread for the time that user code blocks with output waiting.

Invariant: output never waits longer than about 10 ms while the component's own thread is in user code, and a component
that waits for input costs nothing: the thread looks 100 times a second while there is work and parks when there is none.
"""

import threading
import time

from .errors import HostGone

TICK_SECS = 0.010
# So many looks in a row without anything to do, and the thread parks until the next message from the host.
QUIET_TICKS_MAX = 100


class Flusher(object):
    """Watches one writer. `sleep` is the pause between two looks; tests pass their own."""

    def __init__(self, writer, sleep=time.sleep):
        self.parked = True
        self._writer = writer
        self._sleep = sleep
        self._wake = threading.Lock()
        self._wake.acquire()

    def start(self):
        threading.Thread(target=self._watch, name='polybolt-flusher', daemon=True).start()

    def unpark(self):
        """The component's thread is about to run user code. Call it only when `parked` is true."""
        self.parked = False
        self._wake.release()

    def _watch(self):
        while True:
            self._wake.acquire()
            self.watch_until_quiet()

    def watch_until_quiet(self):
        """Look every tick; return when the component has only waited for input for a while, or the host is gone."""
        writer = self._writer
        quiet_ticks = 0
        flushes = -1
        while True:
            self._sleep(TICK_SECS)
            if writer.out and writer.clock() - writer.flushed_at >= TICK_SECS:
                try:
                    writer.flush()
                except HostGone:
                    # The component's own thread meets the same end at its next flush, and is the one to exit.
                    return
            if writer.flushes != flushes or writer.limit:
                flushes = writer.flushes
                quiet_ticks = 0
                continue
            quiet_ticks += 1
            if quiet_ticks >= QUIET_TICKS_MAX:
                self.parked = True
                # Input may have come between the look and the parking; then nobody will wake us.
                if not writer.limit:
                    return
                self.parked = False
                quiet_ticks = 0
