/**
 * The directory of a daemon: its id for ever, and a lock while it lives. Invariant: two living daemons never work in one directory, and a lock of a process that
 * has gone, of an earlier boot too, keeps nobody out.
 */
import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify, isAlive, type ProcessIdentity } from '../../component/process-identity.js';
import { PolyboltError } from '../../model/errors.js';

export interface DaemonDirectory {
  readonly path: string;
  /** Of this daemon, told from all others; the same after a restart. */
  readonly id: string;
  /** Lets the next daemon in. */
  release(): void;
}

const LOCK = 'lock';
const ID = 'id';
/** Each failed attempt has found a lock and seen it go: somebody else is as busy here as we are. */
const ATTEMPTS_MAX = 10;

/** Makes the directory, for its owner alone, where it is missing. Throws PB_DIRECTORY_IN_USE, and PB_DAEMON_CONFIG_INVALID when it cannot be written. */
export function claimDirectory(path: string): DaemonDirectory {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const lock = join(path, LOCK);
    const mine = takeLock(lock, path);
    return {
      path,
      id: readId(join(path, ID)),
      release: () => {
        if (readText(lock) === mine) rmSync(lock, { force: true });
      },
    };
  } catch (error) {
    if (error instanceof PolyboltError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new PolyboltError('PB_DAEMON_CONFIG_INVALID', {
      message: `The directory ${path} cannot be used: ${code ?? String(error)}.`,
      hint: 'storm.local.dir must be a directory that the user of this daemon can write.',
      context: { directory: path },
      cause: error,
    });
  }
}

/** @returns what the lock says of us */
function takeLock(lock: string, path: string): string {
  const mine = JSON.stringify(identify(process.pid) ?? { pid: process.pid, started: '' });
  const aside = `${lock}.${process.pid}`;
  // A link is made whole or not at all: nobody ever reads half a lock.
  writeFileSync(aside, mine, { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      if (linked(aside, lock)) return mine;
      const held = readText(lock);
      if (held === undefined) continue;
      const holder = holderOf(held);
      if (holder !== undefined && isAlive(holder)) throw inUse(path, holder.pid);
      breakLock(lock, held);
    }
  } finally {
    rmSync(aside, { force: true });
  }
  throw inUse(path, undefined);
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Takes a dead lock away; one that has come in its place meanwhile is put back. */
function breakLock(lock: string, dead: string): void {
  const away = `${lock}.${process.pid}.dead`;
  try {
    renameSync(lock, away);
  } catch (error) {
    // Another starter was quicker.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (readText(away) !== dead) linked(away, lock);
  rmSync(away, { force: true });
}

function holderOf(text: string): ProcessIdentity | undefined {
  try {
    const { pid, started } = JSON.parse(text) as Partial<ProcessIdentity>;
    return typeof pid === 'number' && typeof started === 'string' ? { pid, started } : undefined;
  } catch {
    // Not written by us, so nobody holds it.
    return undefined;
  }
}

function inUse(path: string, pid: number | undefined): PolyboltError {
  return new PolyboltError('PB_DIRECTORY_IN_USE', {
    message: `Another daemon${pid === undefined ? '' : ` (pid ${pid})`} works in ${path}.`,
    hint: 'Give each daemon of this machine its own storm.local.dir, or end the other one first.',
    context: { directory: path, ...(pid === undefined ? {} : { pid }) },
  });
}

function readId(file: string): string {
  const id = readText(file)?.trim();
  if (id !== undefined && /^[\w-]{1,64}$/.test(id)) return id;
  const fresh = randomUUID();
  const aside = `${file}.${process.pid}`;
  writeFileSync(aside, `${fresh}\n`, { mode: 0o600 });
  renameSync(aside, file);
  return fresh;
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
