// Keeps prints off the protocol. Node has no dup2, but on Linux a pipe can be opened a second time through /proc,
// and an open takes the lowest free number: so the protocol moves to private descriptors, descriptor 0 becomes
// /dev/null and descriptor 1 a copy of stderr, for child processes and native code too. Where the host's pipes
// cannot be opened again (sockets, files, other systems), the streams of this process are redirected, no more.

import fs from 'node:fs';
import { Readable } from 'node:stream';

/** @returns {{inputFd: number, outputFd: number}} where the protocol is from now on */
export function guard() {
  const inputFd = reopen(0, fs.constants.O_RDONLY);
  const outputFd = reopen(1, fs.constants.O_WRONLY);
  if (inputFd !== 0) occupy(0, '/dev/null', fs.constants.O_RDONLY);
  if (outputFd !== 1) putStderrInPlaceOfStdout();
  redirectStreams(inputFd === 0);
  return { inputFd, outputFd };
}

function reopen(fd, flag) {
  const path = `/proc/self/fd/${fd}`;
  let both;
  try {
    if (process.platform !== 'linux' || !fs.fstatSync(fd).isFIFO()) return fd;
    // Opening one end of a pipe waits until somebody has the other. If the host is already gone that would be
    // for ever, so for this moment we hold both ends ourselves.
    both = fs.openSync(path, fs.constants.O_RDWR);
    return fs.openSync(path, flag);
  } catch {
    // Another user's pipe, or no /proc: the descriptor is used where it is.
    return fd;
  } finally {
    if (both !== undefined) fs.closeSync(both);
  }
}

function occupy(fd, path, flag) {
  fs.closeSync(fd);
  fs.openSync(path, flag);
}

function putStderrInPlaceOfStdout() {
  const write = fs.constants.O_WRONLY | fs.constants.O_APPEND;
  try {
    occupy(1, '/proc/self/fd/2', write);
  } catch {
    // Stderr is a socket, which cannot be opened again. Native prints are dropped; console goes on below.
    fs.openSync('/dev/null', fs.constants.O_WRONLY);
    return;
  }
  // Two openings of one file have two positions and would write over each other, unless both append.
  if (fs.fstatSync(2).isFile()) occupy(2, '/proc/self/fd/1', write);
}

function redirectStreams(stdinIsProtocol) {
  // The object itself is changed, because console and imports may hold it already.
  process.stdout.write = (...args) => process.stderr.write(...args);
  if (stdinIsProtocol) {
    Object.defineProperty(process, 'stdin', { configurable: true, enumerable: true, value: Readable.from([]) });
  }
}
