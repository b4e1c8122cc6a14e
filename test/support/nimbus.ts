/**
 * A nimbus with real HTTP and a real directory over the store in memory, and supervisors that only say what a test wants. Invariant: closed when its test ends, and
 * the directory is gone.
 */
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { MemoryStore, type MemoryStoreSession } from '../../src/coordination/memory-store.js';
import { createHttpServer } from '../../src/daemon/http/http-server.js';
import { NimbusDaemon } from '../../src/daemon/nimbus/nimbus-daemon.js';
import type { Security } from '../../src/daemon/security/security.js';
import { SYSTEM_CLOCK } from '../../src/daemon/settings/system-clock.js';
import {
  errorsPath,
  type ReportedError,
  supervisorPath,
  TOPOLOGIES_PATH,
  type TopologyRecord,
  topologyPath,
  VERSIONS,
  type WorkerReport,
  type WorkerState,
} from '../../src/model/cluster-records.js';
import { type Log, SILENT_LOG } from '../../src/model/log.js';

interface Teardown {
  teardown(handler: () => Promise<void>): void;
}

export interface TestNimbusOptions {
  /** Has to exist. */
  readonly directory: string;
  readonly security?: Security;
  readonly store?: MemoryStore;
  readonly id?: string;
  readonly log?: Log;
}

/** Resolves when it leads, or listens if another one does. */
export async function startNimbus(t: Teardown, options: TestNimbusOptions): Promise<NimbusDaemon> {
  const { directory, security = {}, store = new MemoryStore(), id = 'nimbus-1', log = SILENT_LOG } = options;
  mkdirSync(directory, { recursive: true });
  const daemon = await NimbusDaemon.start(
    {
      id,
      host: '127.0.0.1',
      port: 0,
      advertise: (url) => url,
      directory,
      schedulerDirectory: directory,
      monitorMs: 60_000,
      taskTimeoutMs: 60_000,
      launchMs: 60_000,
      supervisorTimeoutMs: 60_000,
      sessionMs: 0,
    },
    { store, security, clock: SYSTEM_CLOCK, random: Math.random, epochSeconds: () => Math.floor(Date.now() / 1000), log },
  );
  t.teardown(() => daemon.stop());
  await daemon.ready;
  return daemon;
}

/** Every file and directory below a directory, with the sizes of files: what must not change. */
export function listing(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((path) => {
      const found = statSync(join(directory, path));
      return found.isDirectory() ? `${path}/` : `${path} ${found.size}`;
    })
    .sort();
}

/** A supervisor of which every worker is at once in the state that the test says, with HTTP that shows one log. */
export class FakeSupervisor {
  readonly #session: MemoryStoreSession;
  readonly #state: WorkerState;
  readonly #error: ReportedError | undefined;
  readonly #record: object;
  readonly #known = new Set<string>();
  readonly #reported = new Map<string, readonly WorkerReport[]>();
  #last = '';
  #version = 0;
  #work: Promise<void> = Promise.resolve();

  private constructor(session: MemoryStoreSession, state: WorkerState, record: object, error: ReportedError | undefined) {
    this.#session = session;
    this.#state = state;
    this.#record = record;
    this.#error = error;
  }

  /** @param log lines that each worker's log has; @param error reported when a topology first gets workers */
  static async start(
    t: Teardown,
    store: MemoryStore,
    state: WorkerState,
    log: readonly string[] = [],
    error?: ReportedError,
  ): Promise<FakeSupervisor> {
    const server = createHttpServer({
      security: {},
      log: SILENT_LOG,
      routes: [
        {
          method: 'GET',
          path: '/v1/workers/:topologyId/:port/log',
          token: 'client',
          handle: async ({ params, query }) => ({
            text: log
              .slice(-Number(query.get('lines')))
              .map((line) => `${line.replace('PORT', params['port'] ?? '')}\n`)
              .join(''),
          }),
        },
      ],
    });
    const url = await server.listen('127.0.0.1', 0);
    const session = store.session();
    const record = {
      id: 'supervisor-1',
      host: '127.0.0.1',
      ports: state === 'failed' ? [6700, 6701, 6702, 6703] : [6700, 6701],
      url,
      versions: VERSIONS,
    };
    const supervisor = new FakeSupervisor(session, state, record, error);
    await session.create(supervisorPath('supervisor-1'), JSON.stringify({ ...record, workers: [] }), { ephemeral: true });
    session.subscribe(TOPOLOGIES_PATH, 'children', () => supervisor.#look());
    t.teardown(async () => {
      await server.close();
      await session.close();
    });
    return supervisor;
  }

  #look(): void {
    this.#work = this.#work.then(() => this.#report());
  }

  async #report(): Promise<void> {
    const names = await this.#session.children(TOPOLOGIES_PATH);
    const entries = await Promise.all(names.map((name) => this.#session.get(topologyPath(name))));
    const records = entries.flatMap((entry) => (entry === undefined ? [] : [JSON.parse(entry.data) as TopologyRecord]));
    // The first look after a submission comes before its assignment.
    for (const name of names) {
      if (this.#known.has(name)) continue;
      this.#known.add(name);
      this.#session.subscribe(topologyPath(name), 'entry', () => this.#look());
    }
    for (const { id, workers } of records) {
      // What fails is moved, and would fail there again without end.
      if (this.#reported.has(id) && this.#state === 'failed') continue;
      const reports = workers.map(({ incarnation }) => ({ topologyId: id, incarnation, launch: 1, state: this.#state }));
      if (reports.length === 0) continue;
      if (this.#error !== undefined && !this.#reported.has(id)) {
        await this.#session.create(errorsPath(id, this.#error.component), JSON.stringify([this.#error]));
      }
      this.#reported.set(id, reports);
    }
    const ids = new Set(records.map(({ id }) => id));
    const workers = [...this.#reported].flatMap(([id, reports]) => (ids.has(id) ? reports : []));
    const text = JSON.stringify({ ...this.#record, workers });
    if (text === this.#last) return;
    this.#last = text;
    this.#version = await this.#session.setIfVersion(supervisorPath('supervisor-1'), text, this.#version);
  }
}
