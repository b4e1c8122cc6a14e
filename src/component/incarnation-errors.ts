/**
 * Why an incarnation ended, in words that a tired person can act on. Invariant: each says what happened with numbers, and what to do; who, where and the last lines of
 * stderr are added by the incarnation.
 */
import { PolyboltError } from '../model/errors.js';
import type { Decoder } from '../protocol/codec.js';
import type { ChildExit } from './child.js';
import { exitHint, type SpoutCommand, silenceHint } from './compat-hint.js';

type HeldFrame = Pick<Decoder, 'heldBytes' | 'quoteHeld'>;

/** It exited, and nobody had asked it to. @param awaited the command of a spout that had no answer yet */
export function unaskedExit(exit: ChildExit, wasUp: boolean, held: HeldFrame, awaited: SpoutCommand | undefined): PolyboltError {
  const how = exit.signal === undefined ? `with code ${exit.code}` : `on ${exit.signal}`;
  if (!wasUp) {
    return new PolyboltError('PB_HANDSHAKE_FAILED', {
      message: `the component exited ${how} before it had answered the handshake with {"pid":N}`,
      hint: 'run the command by hand in that directory; its last lines on stderr are above',
    });
  }
  if (held.heldBytes > 0) {
    return new PolyboltError('PB_FRAME_INCOMPLETE', {
      message: `the component exited ${how} in the middle of a frame of ${held.heldBytes} bytes so far`,
      hint: 'flush whole messages, each closed by a line "end", before exiting',
      context: { frame: held.quoteHeld() },
    });
  }
  const usual =
    exit.code === 0
      ? 'a component runs until EOF on stdin; some libraries exit 0 after a crash: see stderr and its last error'
      : 'see stderr, or the last error it reported, for the crash';
  return new PolyboltError('PB_CHILD_EXITED', {
    message: `the component exited ${how} without being asked to`,
    hint: exitHint(awaited) ?? usual,
  });
}

export function handshakeTimeout(waitedMs: number, held: HeldFrame): PolyboltError {
  return new PolyboltError('PB_HANDSHAKE_TIMEOUT', {
    message: `waited ${Math.round(waitedMs)} ms for {"pid":N} and a line "end" on the component's standard output`,
    hint: 'read the first message on stdin, answer it with the pid, and flush; raise polybolt.handshake.timeout.secs for a slow start',
    context: held.heldBytes > 0 ? { stdout: held.quoteHeld() } : {},
  });
}

/** It gave no sign of life. @param awaited the command of a spout that it did not answer */
export function silent(silentMs: number, held: HeldFrame, awaited: SpoutCommand | undefined): PolyboltError {
  const ms = Math.round(silentMs);
  if (held.heldBytes > 0) {
    return new PolyboltError('PB_FRAME_INCOMPLETE', {
      message: `the component wrote ${held.heldBytes} bytes of a frame and then nothing for ${ms} ms`,
      hint: 'close every message with a line "end" and flush',
      context: { frame: held.quoteHeld() },
    });
  }
  if (awaited !== undefined) {
    return new PolyboltError('PB_CHILD_HUNG', {
      message: `the component did not answer the command "${awaited}" with sync and gave no other sign of life for ${ms} ms`,
      hint: silenceHint(awaited),
    });
  }
  return new PolyboltError('PB_CHILD_HUNG', {
    message: `the component gave no sign of life for ${ms} ms`,
    hint: 'answer heartbeats with sync and flush; raise topology.subprocess.timeout.secs if one tuple may take longer',
  });
}

/** It asks for task ids and does not read them. */
export function repliesUnread(waitedMs: number, replyChars: number): PolyboltError {
  return new PolyboltError('PB_CHILD_HUNG', {
    message: `the component has left ${replyChars} characters of task ids unread for ${Math.round(waitedMs)} ms`,
    hint: 'read standard input while emitting, or send "need_task_ids":false with emits whose task ids are not used',
  });
}

/** It closed one of its pipes and lives on. */
export function pipeClosed(pipe: 'stdin' | 'stdout'): PolyboltError {
  const [code, name, loss] =
    pipe === 'stdout'
      ? (['PB_CHILD_CLOSED_STDOUT', 'output', 'neither ack nor emit'] as const)
      : (['PB_CHILD_CLOSED_STDIN', 'input', 'be given nothing'] as const);
  return new PolyboltError(code, {
    message: `the component closed its standard ${name} and went on running`,
    hint: `keep ${pipe} open, or exit: without it the component can ${loss}`,
  });
}
