/**
 * The directory of a worker and the file in it that says everything the worker needs. Invariant: both are for the owner alone, since the file holds the token of the topology's links; the file
 * is written whole or not at all.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessIdentity } from '../../component/process-identity.js';
import type { WantedStreams } from '../../executor/tuple-lines.js';
import type { AssignedWorker } from '../../model/assignment.js';
import type { TopologyRecord } from '../../model/cluster-records.js';
import { PolyboltError } from '../../model/errors.js';

/** One more when a worker could not read what an earlier supervisor wrote, or the other way round. */
export const WORKER_FILE_VERSION = 1;

export interface WorkerFile {
  readonly version: number;
  readonly record: TopologyRecord;
  readonly worker: AssignedWorker;
  readonly launch: number;
  /** Holds `topology.json` and, unless that names another directory, `resources/`. */
  readonly codeDirectory: string;
  /** Path of its control socket. */
  readonly socket: string;
  /** Address on which it listens for its peers, at the port of its slot. */
  readonly listenHost: string;
  /** What peers show each other. */
  readonly linkToken: string;
  /** Paths of PEM files; null: links are not encrypted. */
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string } | null;
  /** Names of variables that children may inherit; null: all but secrets. */
  readonly environment: readonly string[] | null;
  readonly heartbeatMs: number;
  readonly supervisorTimeoutMs: number;
  readonly logBytesMax: number;
  readonly logFilesMax: number;
  /** What `polybolt run` wants of its workers; null on a cluster. */
  readonly local: LocalWishes | null;
}

export interface LocalWishes {
  /** Everything that the run has on the disk; workers whose parent was killed remove it. */
  readonly root: string;
  /** Tuples to hand over as lines. */
  readonly print: WantedStreams;
  /** Where conversations with children are recorded, and the module that does it. */
  readonly record: { readonly module: string; readonly directory: string } | null;
  /** Lowest level of events that go to the parent too. */
  readonly logLevel: LogLevel;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Names in a worker's directory. */
export const WORKER_NAMES = {
  file: 'worker.json',
  socket: 'worker.sock',
  /** Pid and start time. */
  pid: 'pid',
  children: 'children',
  /** Files that children leave, as the multilang protocol asks of them. */
  pids: 'pids',
  log: 'worker.log',
} as const;

/** In a code directory: the validated topology as plain data, for local workers, which need not read the topology file again. */
export const TOPOLOGY_DATA_NAME = 'topology-data.json';

export function workerDirectory(root: string, topologyId: string, port: number): string {
  return join(root, topologyId, String(port));
}

export function writeWorkerFile(directory: string, file: WorkerFile): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeWhole(join(directory, WORKER_NAMES.file), JSON.stringify(file));
}

/** Throws PB_WORKER_FILE_INVALID. */
export function readWorkerFile(directory: string): WorkerFile {
  const path = join(directory, WORKER_NAMES.file);
  let file: Partial<WorkerFile>;
  try {
    file = JSON.parse(readFileSync(path, 'utf8')) as Partial<WorkerFile>;
  } catch (error) {
    throw invalid(path, error instanceof Error ? error.message : String(error));
  }
  if (file?.version !== WORKER_FILE_VERSION) throw invalid(path, `it is of version ${file?.version}, not ${WORKER_FILE_VERSION}`);
  if (typeof file.record?.id !== 'string' || typeof file.worker?.incarnation !== 'string') throw invalid(path, 'it names no worker');
  return file as WorkerFile;
}

export function writeIdentity(directory: string, { pid, started }: ProcessIdentity): void {
  writeWhole(join(directory, WORKER_NAMES.pid), `${pid}\n${started}\n`);
}

/** Undefined where there is none that can be read. */
export function readIdentity(directory: string): ProcessIdentity | undefined {
  const path = join(directory, WORKER_NAMES.pid);
  if (!existsSync(path)) return undefined;
  const [pid, started] = readFileSync(path, 'utf8').split('\n');
  return Number.isSafeInteger(Number(pid)) && started !== undefined && started !== '' ? { pid: Number(pid), started } : undefined;
}

function writeWhole(path: string, text: string): void {
  const file = openSync(`${path}.tmp`, 'w', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.tmp`, path);
}

function invalid(path: string, why: string): PolyboltError {
  return new PolyboltError('PB_WORKER_FILE_INVALID', {
    message: `${path} cannot be used: ${why}`,
    hint: 'a supervisor writes this file; do not start workers by hand',
  });
}
