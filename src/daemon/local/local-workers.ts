/**
 * Worker processes for `polybolt run --workers N`: the same program and the same launcher as on a cluster, in a temporary directory, on free ports of the loopback address. Invariant: when it is
 * closed, nothing of it is left on this machine.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WantedStreams } from '../../executor/tuple-lines.js';
import { PolyboltError } from '../../model/errors.js';
import type { Log } from '../../model/log.js';
import type { Topology } from '../../model/topology.js';
import { type LogLevel, TOPOLOGY_DATA_NAME } from '../worker/worker-file.js';
import { type LocalMessage, ProcessLauncher, workerProgram } from '../worker/worker-launcher.js';
import { errorOf } from '../worker/worker-messages.js';
import type { WorkerLauncher } from '../worker-handle.js';

export interface LocalProcessOptions {
  /** Workers at a time, so many ports. */
  readonly slots: number;
  /** What a worker that was asked to end may take for it, before it is killed, in ms. */
  readonly stopMs: number;
  readonly log: Log;
  /** Lowest level of the workers' events that the log is to have; default info. */
  readonly logLevel?: LogLevel;
  /** Tuples to hand over as lines of JSON. */
  readonly print?: WantedStreams;
  /** Where conversations with children are recorded, and the module that does it, as a `file:` URL. */
  readonly record?: { readonly module: string; readonly directory: string };
  onPrint?(lines: string): void;
  onFirstAck?(): void;
  /** A worker has ended because a component cannot be kept running. */
  onFatal?(error: PolyboltError): void;
  /** Program and first arguments of a worker; default this version's own. */
  readonly program?: readonly string[];
}

export interface LocalProcessLauncher {
  readonly launcher: WorkerLauncher;
  /** Where workers listen. */
  readonly host: string;
  /** Slots. */
  readonly ports: readonly number[];
  /** Writes a topology down for workers to read; the directory is what a `WorkerSpec` names as its code. Throws PB_TOPOLOGY_INLINE. */
  writeCode(topologyId: string, topology: Topology): string;
  /** Ends what still runs, at once, and removes everything. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const HEARTBEAT_MS = 1000;
/** A worker whose parent was killed ends itself after this time without it. */
const SUPERVISOR_TIMEOUT_MS = 1000;
const LOG_BYTES_MAX = 50 * 1024 * 1024;
const LOG_FILES_MAX = 2;

/** Makes ready for worker processes on this machine; starts none. */
export async function createLocalProcessLauncher(options: LocalProcessOptions): Promise<LocalProcessLauncher> {
  const root = mkdtempSync(join(tmpdir(), 'polybolt-run-'));
  const token = randomBytes(32).toString('hex');
  const launcher = new ProcessLauncher(
    {
      directory: join(root, 'workers'),
      program: options.program ?? workerProgram(),
      listenHost: HOST,
      heartbeatMs: HEARTBEAT_MS,
      supervisorTimeoutMs: SUPERVISOR_TIMEOUT_MS,
      stopMs: options.stopMs,
      logBytesMax: LOG_BYTES_MAX,
      logFilesMax: LOG_FILES_MAX,
      environment: null,
      linkToken: () => token,
      local: { root, print: options.print ?? {}, record: options.record ?? null, logLevel: options.logLevel ?? 'info' },
    },
    { log: options.log, onLocal: (message) => hear(options, message) },
  );
  return {
    launcher,
    host: HOST,
    ports: await freePorts(options.slots),
    writeCode: (topologyId, topology) => writeCode(join(root, 'code', topologyId), topology),
    close: async () => {
      await launcher.killAll();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function hear(options: LocalProcessOptions, message: LocalMessage): void {
  switch (message.type) {
    case 'print':
      return options.onPrint?.(message.text);
    case 'firstAck':
      return options.onFirstAck?.();
    case 'log':
      return options.log[message.level]?.(message.event, message.fields);
    case 'exit':
      if (message.error !== undefined) options.onFatal?.(errorOf(message.error));
  }
}

/** With the resources where they are: on one machine no code travels. */
function writeCode(directory: string, topology: Topology): string {
  const inline = Object.values(topology.components).find(({ implementation }) => implementation.type === 'inline');
  if (inline !== undefined) {
    throw new PolyboltError('PB_TOPOLOGY_INLINE', {
      message: `the component ${inline.id} is inline: it is an object of this process and cannot run in a worker process`,
      hint: 'run it without worker processes, write it into a module and name it with module(), or make it a program of its own with shell()',
      context: { component: inline.id },
    });
  }
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileSync(join(directory, TOPOLOGY_DATA_NAME), JSON.stringify(topology), { mode: 0o600 });
  return directory;
}

/** Ports that nobody listens on now; they are held together, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer();
          server.once('error', reject);
          server.listen(0, HOST, () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as { readonly port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
