/**
 * Which process a pid is: the same number may be somebody else's by tomorrow. Invariant: nothing is killed whose start time is not the one that was written down, and a group
 * without its leader only while its members belong to the session that the leader opened.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { execaSync } from 'execa';

/** A process, and what tells it from a later one of the same pid: boot and start time. Every process of ours leads its own group and session. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly started: string;
}

interface ProcessStat {
  readonly pid: number;
  readonly state: string;
  readonly group: number;
  readonly session: number;
  /** Clock ticks since the boot. */
  readonly startTicks: number;
}

const isLinux = process.platform === 'linux';
let boot: string | undefined;

/** Who a pid is now; undefined when it is nobody, or only a dead one that waits for its parent. */
export function identify(pid: number): ProcessIdentity | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 1) return undefined;
  if (!isLinux) {
    const { stdout, exitCode } = execaSync('ps', ['-o', 'lstart=', '-p', String(pid)], { reject: false, env: { LC_ALL: 'C' } });
    const started = stdout.trim();
    return exitCode === 0 && started !== '' ? { pid, started } : undefined;
  }
  const stat = readStat(pid);
  return stat === undefined || isDead(stat) ? undefined : { pid, started: `${bootId()} ${stat.startTicks}` };
}

export function isAlive({ pid, started }: ProcessIdentity): boolean {
  return identify(pid)?.started === started;
}

/**
 * Kills a process and the whole group that it leads, at once and even if it is frozen; only what is left of the group when the leader itself has gone.
 * @returns whether there was anybody to kill
 */
export function killGroup(leader: ProcessIdentity): boolean {
  if (!isAlive(leader) && !isOrphanedGroup(leader)) return false;
  return signal(-leader.pid, 'SIGKILL');
}

/** Asks a process to end. */
export function terminate(leader: ProcessIdentity): boolean {
  return isAlive(leader) && signal(leader.pid, 'SIGTERM');
}

/** Processes with such arguments: for what was started and never written down. Only Linux tells; elsewhere none. */
export function findProcesses(isWanted: (args: readonly string[]) => boolean): ProcessIdentity[] {
  return pids().flatMap((pid) => (isWanted(argumentsOf(pid)) ? (identify(pid) ?? []) : []));
}

/** Processes in the session that a process opened, itself among them: its children and theirs, unless they opened their own. Only Linux tells; elsewhere 0. */
export function countSession(leader: number): number {
  return pids().filter((pid) => readStat(pid)?.session === leader).length;
}

function signal(target: number, name: 'SIGKILL' | 'SIGTERM'): boolean {
  try {
    return process.kill(target, name);
  } catch (error) {
    // ESRCH: it has just ended. EPERM: it has become somebody else, who cannot be reached.
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return false;
  }
}

/** The system gives no pid away while a group bears its number, but another group may have had it since: that one would be of another session, or no older. */
function isOrphanedGroup({ pid, started }: ProcessIdentity): boolean {
  if (!isLinux || identify(pid) !== undefined) return false;
  const [bootThen, startTicks] = started.split(' ');
  if (bootThen !== bootId()) return false;
  const members = pids()
    .flatMap((each) => readStat(each) ?? [])
    .filter(({ group }) => group === pid);
  return (
    members.some((member) => !isDead(member)) &&
    members.every((member) => member.session === pid && member.startTicks >= Number(startTicks))
  );
}

function pids(): number[] {
  return isLinux ? readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : [])) : [];
}

function isDead({ state }: ProcessStat): boolean {
  return state === 'Z' || state === 'X';
}

function readStat(pid: number): ProcessStat | undefined {
  const text = readProc(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The name in parentheses may hold spaces and parentheses of its own.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { pid, state: fields[0] ?? 'X', group: Number(fields[2]), session: Number(fields[3]), startTicks: Number(fields[19]) };
}

function argumentsOf(pid: number): readonly string[] {
  return (readProc(`/proc/${pid}/cmdline`) ?? '').split('\0');
}

function bootId(): string {
  boot ??= (readProc('/proc/sys/kernel/random/boot_id') ?? '').trim();
  return boot;
}

/** Undefined when the process has ended meanwhile, or is not ours to look at. */
function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
