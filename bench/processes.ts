/** CPU time and memory of other processes, from Linux's /proc. Invariant: where there is none, or a process is gone, the answer is NaN or an empty list. */
import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks of /proc are hundredths of a second on every Linux that Node runs on. */
const TICK_MS = 10;
const PAGE_BYTES = 4096;

/** Fields of /proc/PID/stat from the state on; the name before them may hold spaces. */
function statOf(pid: number): readonly string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

/** Processes that this one has started and that live. */
export function childrenOf(parent: number): number[] {
  try {
    const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
    return pids.filter((pid) => Number(statOf(pid)[1]) === parent);
  } catch {
    return [];
  }
}

/** User and system time so far, in ms. */
export function cpuMsOf(pid: number): number {
  const stat = statOf(pid);
  return (Number(stat[11]) + Number(stat[12])) * TICK_MS;
}

export function residentBytesOf(pid: number): number {
  return Number(statOf(pid)[21]) * PAGE_BYTES;
}

/** User and system time of all children of this process that have ended, in ms. */
export function endedChildrenCpuMs(): number {
  const stat = statOf(process.pid);
  return (Number(stat[13]) + Number(stat[14])) * TICK_MS;
}
