/**
 * Records of the children that live, one small file each, so that whoever finds a worker dead finds its children too. Invariant: a record is on disk in the turn in which its child was
 * started, and goes when the child has gone.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Spawn } from './child.js';
import { identify, type ProcessIdentity } from './process-identity.js';

/** Starts children as `spawn` does and keeps records of them in a directory, which is made. */
export function recordingSpawn(spawn: Spawn, directory: string): Spawn {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return (command, stdio) => {
    const child = spawn(command, stdio);
    const identity = child.pid === undefined ? undefined : identify(child.pid);
    if (identity === undefined) return child;
    const path = join(directory, String(identity.pid));
    writeFileSync(path, identity.started, { mode: 0o600 });
    // Whoever waits for the end of its output kills what is left of its group; a record too long does no harm, the start time is checked.
    child.once('exit', () => rmSync(path, { force: true }));
    return child;
  };
}

/** The children on record in a directory; none where it does not exist. */
export function recordedChildren(directory: string): ProcessIdentity[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    try {
      return /^\d+$/.test(name) ? { pid: Number(name), started: readFileSync(join(directory, name), 'utf8') } : [];
    } catch {
      return []; // It has gone meanwhile.
    }
  });
}
