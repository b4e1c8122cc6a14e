"""Keeps everything but the protocol off the protocol's descriptors.

Invariant: after take_stdio the host's pipes are on private descriptors that no child process inherits; descriptor 0 is
/dev/null and descriptor 1 a copy of stderr, so prints by user code, child processes and C libraries end on stderr.
"""

import os
import sys


def take_stdio():
    """Move the protocol's pipes away. Returns (input descriptor, output descriptor). Call it once a process."""
    _make_sure_stderr_is_open()
    input_fd = os.dup(0)
    output_fd = os.dup(1)
    null_fd = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null_fd, 0)
    os.close(null_fd)
    os.dup2(2, 1)
    _redirect_prints()
    return input_fd, output_fd


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
