/**
 * Builds the worker of a process from its file: topology, links to its peers, ways to start children, log, observers. Invariant: the one place where a worker meets the real
 * world; everything that it leaves on disk lies in its directory.
 */
import { randomFillSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allowedEnvironment } from '../../component/child-environment.js';
import { recordingSpawn } from '../../component/child-records.js';
import type { ShellPorts } from '../../component/incarnation-ports.js';
import { createFifoPool, spawnChild } from '../../component/spawn.js';
import { TupleLines } from '../../executor/tuple-lines.js';
import type { Log } from '../../model/log.js';
import type { Topology } from '../../model/topology.js';
import { Worker } from './worker.js';
import { type LocalWishes, TOPOLOGY_DATA_NAME, WORKER_NAMES, type WorkerFile } from './worker-file.js';
import { openLinks } from './worker-links.js';
import { forwardingLog } from './worker-log.js';
import type { WorkerProcess } from './worker-process.js';

/** Rejects with PB_LISTEN_FAILED where the port of the slot is taken, and with what reading the topology throws. */
export async function buildWorker(directory: string, file: WorkerFile, workerProcess: WorkerProcess, ownLog: Log): Promise<Worker> {
  const topology = await readTopology(file.codeDirectory);
  const log = file.local === null ? ownLog : forwardingLog(ownLog, file.local.logLevel, workerProcess, () => performance.now());
  const lines = new TupleLines(file.local?.print ?? {}, (text) => workerProcess.print(text));
  workerProcess.flushLines = () => lines.flush();
  const pidDir = join(directory, WORKER_NAMES.pids);
  mkdirSync(pidDir, { recursive: true, mode: 0o700 });
  const links = await openLinks(file, log);
  return new Worker({
    record: file.record,
    worker: file.worker,
    topology,
    ports: {
      now: () => performance.now(),
      random: Math.random,
      fillRandom: (pool) => randomFillSync(pool),
      shell: {
        spawn: recordingSpawn(spawnChild, join(directory, WORKER_NAMES.children)),
        // In here, so that nothing stays behind when this process is killed.
        fifos: createFifoPool(directory),
        record: await recorderOf(topology, file.local?.record ?? null),
      },
      pidDir,
      environment: file.environment === null ? process.env : allowedEnvironment(process.env, file.environment),
      join: (id, transportEvents) => links.join(id, transportEvents),
      log,
      observerOf: (component) => lines.observerOf(component),
    },
    events: {
      onError: (component, error, suppressed, task) => workerProcess.reportError(component, error, suppressed, task),
      onFatal: (error) => workerProcess.fail(error),
      onFirstAck: () => workerProcess.send({ type: 'firstAck' }),
    },
  });
}

/** The topology whose code lies in a directory. */
export async function readTopology(directory: string): Promise<Topology> {
  const path = join(directory, TOPOLOGY_DATA_NAME);
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Topology;
  const { readTopologyDirectory } = await import('../../coordination/archive-topology.js');
  return readTopologyDirectory(directory);
}

/** Module of a recorder, named by whoever starts the worker: the conformance kit, which writes transcripts, is built on the runtime and not the other way round. */
interface RecorderModule {
  recordInto(
    directory: string,
    now: () => number,
  ): (task: {
    readonly kind: 'bolt' | 'spout';
    readonly component: string;
    readonly task: number;
    readonly serializer: 'json' | 'msgpack';
    readonly command: readonly string[];
  }) => ReturnType<NonNullable<ShellPorts['record']>>;
}

async function recorderOf(topology: Topology, wish: LocalWishes['record']): Promise<ShellPorts['record']> {
  if (wish === null) return undefined;
  const { recordInto } = (await import(wish.module)) as RecorderModule;
  const start = recordInto(wish.directory, () => performance.now());
  return ({ component, task }, { command, codec }) =>
    start({ kind: topology.components[component]?.kind ?? 'bolt', component, task, serializer: codec.name, command: command.argv });
}
