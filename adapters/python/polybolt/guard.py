"""Keeps everything but the protocol off the protocol's descriptors.

Invariant: after take_stdio the host's pipes are on private descriptors that no child process inherits; descriptor 0 is
/dev/null and descriptor 1 a copy of stderr, so prints by user code, child processes and C libraries end on stderr.
"""

import os
import sys

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

# At 300,000 tuples a second a pipe of 64 KiB holds 2 ms of work: whenever the host is busy elsewhere for as long, the
# component runs dry on one side or is stopped on the other. Measured: a sixth more tuples a second with 256 KiB.
PIPE_BYTES = 256 * 1024
# Linux's F_SETPIPE_SZ, which Python's own module names from 3.10 on.
_SET_PIPE_SIZE = 1031


def take_stdio():
    """Move the protocol's pipes away. Returns (input descriptor, output descriptor). Call it once a process."""
    _make_sure_stderr_is_open()
    input_fd = os.dup(0)
    output_fd = os.dup(1)
    widen(input_fd)
    widen(output_fd)
    null_fd = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null_fd, 0)
    os.close(null_fd)
    os.dup2(2, 1)
    _redirect_prints()
    return input_fd, output_fd


def widen(fd):
    """Let a pipe hold PIPE_BYTES, where the system can; what is no pipe stays as it is."""
    if fcntl is None or not sys.platform.startswith('linux'):
        return
    try:
        fcntl.fcntl(fd, _SET_PIPE_SIZE, PIPE_BYTES)
    except OSError:
        # No pipe, or this user's pipes hold as much as they may together: slower, that is all.
        pass


def _make_sure_stderr_is_open():
    try:
        os.fstat(2)
    except OSError:
        # Else our own copies would land on descriptor 2. The lowest free descriptor is taken, hence the loop.
        while os.open(os.devnull, os.O_RDWR) < 2:
            pass


def _redirect_prints():
    # What was printed before us and is still buffered leaves through descriptor 1, which is stderr by now.
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except (OSError, ValueError):
            pass
    if sys.stderr is not None:
        sys.stdout = sys.stderr
        try:
            # Before 3.9 a stderr that is no terminal was buffered whole, and a killed process lost its last words.
            sys.stderr.reconfigure(line_buffering=True)
        except (AttributeError, OSError, ValueError):
            pass
