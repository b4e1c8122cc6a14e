/**
 * A supervisor: makes the workers that run in its slots the ones that the store assigns to it. Invariant: one reconciliation at a time, each from what the store
 * says at that moment; while the store says nothing, what runs is kept. Each slot is a state machine (`membership/slot.ts`).
 */
import type { StoreClient, StoreSession } from '../../coordination/store.js';
import { SlotRules } from '../../membership/slot.js';
import type { Clock, Timer } from '../../model/clock.js';
import {
  NIMBUSES_PATH,
  type NimbusRecord,
  nimbusPath,
  type ReportedError,
  type SupervisorRecord,
  supervisorPath,
  type TopologyRecord,
  VERSIONS,
  type WorkerReport,
} from '../../model/cluster-records.js';
import type { PolyboltError } from '../../model/errors.js';
import type { Log } from '../../model/log.js';
import { SessionKeeper } from '../session/session-keeper.js';
import type { WorkerLauncher } from '../worker-handle.js';
import type { CodeCache } from './code-cache.js';
import { Assignments } from './supervisor-assignments.js';
import { codeError, ErrorWriter } from './supervisor-errors.js';
import { jobsBySlot } from './supervisor-jobs.js';
import { LaunchMemory, type LaunchNumbers } from './supervisor-launches.js';
import { Registration } from './supervisor-registration.js';
import { type SlotPorts, SupervisorSlot } from './supervisor-slot.js';

export interface SupervisorOptions {
  /** Kept on the supervisor's own disk: another disk is another supervisor. */
  readonly id: string;
  /** Where its workers listen. */
  readonly host: string;
  /** Slots. */
  readonly ports: readonly number[];
  /** Logs and metrics over HTTP; empty in local mode. */
  readonly url: string;
  /** Longest silence of a worker (supervisor.worker.timeout.secs). */
  readonly workerTimeoutMs: number;
  /** Longest time until a worker is up (supervisor.worker.start.timeout.secs). */
  readonly startTimeoutMs: number;
  /** What the components of a worker are given to end by themselves (supervisor.worker.shutdown.sleep.secs). */
  readonly shutdownMs: number;
  /** After how long to read again what could not be read (supervisor.monitor.frequency.secs). */
  readonly monitorMs: number;
}

export interface SupervisorPorts {
  readonly store: StoreClient;
  readonly launcher: WorkerLauncher;
  readonly code: CodeCache;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: Log;
  /** Launch numbers of earlier lives; none where workers cannot outlive this process. */
  readonly launches?: LaunchNumbers;
  /** An error of a component, or of a topology's code. */
  onError?(error: ReportedError): void;
  /** Seconds since 1970, for errors. */
  epochSeconds?(): number;
}

/** What a slot runs, for those who look from outside. */
export interface SlotView extends WorkerReport {
  readonly topology: string;
  readonly port: number;
}

/** After an expiry, supervisors register again within this time and not all at once. Shorter than nimbus waits before it moves workers. */
const HERD_SPREAD_MS = 500;

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #ports: SupervisorPorts;
  readonly #slotPorts: SlotPorts;
  readonly #slots = new Map<number, SupervisorSlot>();
  readonly #assignments: Assignments;
  readonly #errors: ErrorWriter;
  readonly #keeper: SessionKeeper;
  #registration: Registration | undefined;
  #sessions = 0;
  #onRegistered: () => void = () => {};
  #reconciling: Promise<void> | undefined;
  #again = false;
  /** The jobs have changed since code was last removed. */
  #mayHoldOldCode = false;
  #timer: Timer | undefined;
  #sessionTimer: Timer | undefined;
  #isStopped = false;

  constructor(options: SupervisorOptions, ports: SupervisorPorts) {
    const { launcher, code, clock, random, log, store } = ports;
    this.#options = options;
    this.#ports = ports;
    const rules = new SlotRules(options, random);
    this.#slotPorts = { rules, launcher, code, clock, log, launches: ports.launches ?? new LaunchMemory() };
    this.#assignments = new Assignments(log);
    const isKnown = (topologyId: string): boolean => this.#assignments.records.some(({ id }) => id === topologyId);
    this.#errors = new ErrorWriter({ clock, random, log, isKnown });
    this.#keeper = new SessionKeeper(store, { clock, random, log }, (session) => this.#onSession(session));
    for (const port of options.ports) this.#addSlot(port);
  }

  /** Takes over what an earlier life left running, then registers. Resolves when it is registered, and so waits for the store; workers do not. */
  async start(): Promise<void> {
    for (const worker of await this.#ports.launcher.leftRunning()) {
      (this.#slots.get(worker.port) ?? this.#addSlot(worker.port)).adopt(worker);
    }
    const registered = new Promise<void>((resolve) => {
      this.#onRegistered = resolve;
    });
    await this.#keeper.start();
    await registered;
  }

  /** Leaves the cluster and ends its workers; or keeps them for its next life, which adopts them. */
  async stop(options: { readonly keepWorkers?: boolean } = {}): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#sessionTimer?.cancel();
    this.#assignments.detach();
    this.#errors.attach(undefined);
    this.#onRegistered();
    const slots = [...this.#slots.values()];
    if (options.keepWorkers === true) for (const slot of slots) slot.letGo();
    else await Promise.all(slots.map((slot) => slot.end()));
    this.#registration?.close();
    await this.#keeper.stop();
  }

  /** What its slots run or are about to. */
  get workers(): readonly SlotView[] {
    return [...this.#slots.values()].flatMap((slot) => {
      const { report } = slot;
      if (report === undefined) return [];
      return [{ ...report, topology: slot.job?.record.name ?? nameOfId(report.topologyId), port: slot.port }];
    });
  }

  /** What a worker has counted; undefined when it does not run here or does not answer. */
  async snapshot(topologyId: string, port: number): Promise<unknown> {
    const slot = this.#slots.get(port);
    return slot?.running?.topologyId === topologyId ? slot.snapshot() : undefined;
  }

  /** Where nimbuses listen, as the store says now. Throws what the store throws; without a session there is nobody to ask. */
  async nimbusUrls(): Promise<readonly string[]> {
    const { session } = this.#keeper;
    if (session === undefined) return [];
    const ids = await session.children(NIMBUSES_PATH);
    const entries = await Promise.all(ids.map((id) => session.get(nimbusPath(id))));
    return entries.flatMap((entry) => (entry === undefined ? [] : [(JSON.parse(entry.data) as NimbusRecord).url]));
  }

  #addSlot(port: number): SupervisorSlot {
    const slot = new SupervisorSlot(port, this.#slotPorts, {
      onChange: () => {
        this.#registration?.changed();
        this.#retainCode();
      },
      onError: (topologyId, error) => this.#onError(topologyId, { ...error, supervisor: this.#options.id, port }),
      onCodeFailed: (record, _, error) => this.#onCodeFailed(record, port, error),
    });
    this.#slots.set(port, slot);
    return slot;
  }

  #onSession(session: StoreSession): void {
    if (this.#isStopped) return;
    this.#registration?.close();
    this.#assignments.detach();
    this.#errors.attach(session);
    const { clock, random, log } = this.#ports;
    const path = supervisorPath(this.#options.id);
    const registration = new Registration(
      session,
      path,
      () => JSON.stringify(this.#record()),
      { clock, random, log },
      () => this.#onRegistered(),
    );
    this.#registration = registration;
    this.#sessionTimer?.cancel();
    const follow = (): void => {
      if (this.#isStopped) return;
      registration.open();
      this.#assignments.attach(session, () => this.#reconcile());
    };
    if (this.#sessions++ === 0) follow();
    else this.#sessionTimer = clock.after(random() * HERD_SPREAD_MS, follow);
  }

  #record(): SupervisorRecord {
    const { id, host, ports, url } = this.#options;
    const workers = [...this.#slots.values()].flatMap((slot) => slot.report ?? []);
    return { id, host, ports, url, versions: VERSIONS, workers };
  }

  #reconcile(): void {
    this.#again = true;
    if (this.#isStopped) return;
    this.#reconciling ??= this.#work().finally(() => {
      this.#reconciling = undefined;
      if (this.#again) this.#reconcile();
    });
  }

  async #work(): Promise<void> {
    this.#timer?.cancel();
    while (this.#again && !this.#isStopped) {
      this.#again = false;
      try {
        await this.#assignments.read();
      } catch (error) {
        if (this.#isStopped) return;
        // What runs is kept; the next session reads everything anyway.
        this.#ports.log.warn('assignment.unread', { reason: String(error) });
        this.#timer = this.#ports.clock.after(this.#options.monitorMs * (0.5 + this.#ports.random()), () => this.#reconcile());
        return;
      }
      if (!this.#isStopped) this.#apply();
    }
  }

  #apply(): void {
    const running = new Map([...this.#slots].map(([port, slot]) => [port, slot.running ?? slot.report]));
    const jobs = jobsBySlot(this.#assignments.records, this.#options.id, running);
    for (const [port, slot] of this.#slots) slot.assign(jobs.get(port));
    for (const [port, job] of jobs) {
      if (!this.#slots.has(port)) this.#ports.log.warn('assignment.no-such-slot', { port, topology: job.record.name });
    }
    this.#mayHoldOldCode = true;
    this.#retainCode();
  }

  /** Code that nothing here runs or is to run goes; while something ends or is not understood yet, it may still be in use. */
  #retainCode(): void {
    const slots = [...this.#slots.values()];
    if (!this.#mayHoldOldCode || this.#isStopped || slots.some(({ hasStranger }) => hasStranger)) return;
    this.#mayHoldOldCode = false;
    const blobs = new Set(slots.flatMap(({ job }): string[] => (job === undefined ? [] : [job.record.blob])));
    this.#ports.code.retain(blobs).catch((error: unknown) => this.#ports.log.warn('code.retain-failed', { reason: String(error) }));
  }

  #onError(topologyId: string, error: ReportedError): void {
    this.#ports.onError?.(error);
    this.#errors.add(topologyId, error);
  }

  #onCodeFailed(record: TopologyRecord, port: number, error: PolyboltError): void {
    const at = this.#ports.epochSeconds?.() ?? Math.floor(Date.now() / 1000);
    this.#onError(record.id, codeError(error, { supervisor: this.#options.id, port, at }));
  }
}

/** `name-N-epochSeconds`: a worker may be adopted before its topology has been read. */
function nameOfId(topologyId: string): string {
  return topologyId.replace(/-\d+-\d+$/, '');
}
