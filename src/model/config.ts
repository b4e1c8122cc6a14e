/**
 * Storm's configuration keys that the runtime itself reads, with Storm's defaults, as typed settings in milliseconds.
 * Invariant: the keys and their types are those of `multilang/schema/configuration.schema.json`, which is checked before anything
 * gets here; keys that are not listed pass through to the components untouched.
 */
import { INBOX_TUPLES_MAX } from './limits.js';
import type { Config } from './topology.js';

/** Defaults of Apache Storm, where the key is Storm's; `polybolt.*` keys are ours. Seconds where the name says secs. */
export const CONFIG_DEFAULTS = {
  'topology.workers': 1,
  'topology.acker.executors': null,
  'topology.message.timeout.secs': 30,
  'topology.enable.message.timeouts': true,
  'topology.max.spout.pending': null,
  'topology.max.task.parallelism': null,
  'topology.tasks': null,
  'topology.shellbolt.max.pending': 100,
  'topology.subprocess.timeout.secs': null,
  'topology.tick.tuple.freq.secs': null,
  'topology.debug': false,
  'topology.executor.receive.buffer.size': INBOX_TUPLES_MAX,
  'topology.error.throttle.interval.secs': 10,
  'topology.max.error.report.per.interval': 5,
  'topology.environment': {},
  'topology.child.memory.mb': null,
  'topology.child.processes.max': null,
  'supervisor.worker.timeout.secs': 30,
  'supervisor.worker.shutdown.sleep.secs': 3,
  'polybolt.handshake.timeout.secs': 30,
  'polybolt.child.restarts.max': 10,
  'polybolt.values.nonfinite.as.null': false,
} as const satisfies Config;

export interface Settings {
  readonly workers: number;
  /** null: one acker for each worker; 0: acking is off. */
  readonly ackerExecutors: number | null;
  readonly messageTimeoutMs: number;
  readonly messageTimeoutsEnabled: boolean;
  /** Per spout task; null: no bound but that of `limits.ts`. */
  readonly maxSpoutPending: number | null;
  readonly maxTaskParallelism: number | null;
  readonly shellBoltMaxPending: number;
  /** Tuples in the inbox of a task before its senders pause. */
  readonly inboxTuplesMax: number;
  readonly subprocessTimeoutMs: number;
  readonly tickFrequencyMs: number | null;
  readonly debug: boolean;
  readonly errorThrottleIntervalMs: number;
  readonly errorsPerInterval: number;
  readonly shutdownGraceMs: number;
  readonly handshakeTimeoutMs: number;
  /** Restarts in a row that completed no tuple, before the worker gives up. */
  readonly childRestartsMax: number;
  /** A component asks for null where a value is NaN or infinite. */
  readonly nonFiniteAsNull: boolean;
  readonly environment: Readonly<Record<string, string>>;
  /** Private writable memory of each process of a child, in MiB; null: no limit. */
  readonly childMemoryMb: number | null;
  /** Processes of one child, itself among them; null: no limit. */
  readonly childProcessesMax: number | null;
}

/** Typed settings of a configuration: the topology's, or the topology's under a component's (`{...topology, ...component}`). */
export function settingsOf(config: Config): Settings {
  const value = <T>(key: keyof typeof CONFIG_DEFAULTS): T => (config[key] ?? CONFIG_DEFAULTS[key]) as T;
  const ms = (key: keyof typeof CONFIG_DEFAULTS): number => Math.round(value<number>(key) * 1000);
  const tick = value<number | null>('topology.tick.tuple.freq.secs');
  return {
    workers: value('topology.workers'),
    ackerExecutors: value('topology.acker.executors'),
    messageTimeoutMs: ms('topology.message.timeout.secs'),
    messageTimeoutsEnabled: value('topology.enable.message.timeouts'),
    maxSpoutPending: value('topology.max.spout.pending'),
    maxTaskParallelism: value('topology.max.task.parallelism'),
    shellBoltMaxPending: value('topology.shellbolt.max.pending'),
    inboxTuplesMax: value('topology.executor.receive.buffer.size'),
    subprocessTimeoutMs:
      value('topology.subprocess.timeout.secs') === null ? ms('supervisor.worker.timeout.secs') : ms('topology.subprocess.timeout.secs'),
    tickFrequencyMs: tick === null ? null : Math.round(tick * 1000),
    debug: value('topology.debug'),
    errorThrottleIntervalMs: ms('topology.error.throttle.interval.secs'),
    errorsPerInterval: value('topology.max.error.report.per.interval'),
    shutdownGraceMs: ms('supervisor.worker.shutdown.sleep.secs'),
    handshakeTimeoutMs: ms('polybolt.handshake.timeout.secs'),
    childRestartsMax: value('polybolt.child.restarts.max'),
    nonFiniteAsNull: value('polybolt.values.nonfinite.as.null'),
    environment: value('topology.environment'),
    childMemoryMb: value('topology.child.memory.mb'),
    childProcessesMax: value('topology.child.processes.max'),
  };
}
