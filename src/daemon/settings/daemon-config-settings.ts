/**
 * What nimbus and supervisor can be told, with Storm's defaults, as typed settings in milliseconds. Invariant: the keys and their defaults are those of
 * `multilang/schema/daemon-configuration.schema.json`, which is checked before anything gets here.
 */
import { hostname } from 'node:os';
import type { Config } from '../../model/topology.js';
import type { SecurityFiles } from '../security/security.js';

export const DAEMON_DEFAULTS = {
  'storm.zookeeper.servers': ['localhost'],
  'storm.zookeeper.port': 2181,
  'storm.zookeeper.root': '/polybolt',
  'storm.zookeeper.session.timeout': 20_000,
  'storm.zookeeper.connection.timeout': 15_000,
  'storm.zookeeper.auth.scheme': null,
  'storm.zookeeper.auth.payload': null,
  'storm.local.dir': null,
  'storm.local.hostname': null,
  'storm.scheduler': null,
  'nimbus.host': '127.0.0.1',
  'nimbus.port': 6627,
  'nimbus.monitor.freq.secs': 10,
  'nimbus.task.timeout.secs': 30,
  'nimbus.task.launch.secs': 120,
  'nimbus.supervisor.timeout.secs': 60,
  'supervisor.host': '127.0.0.1',
  'supervisor.port': 8000,
  'supervisor.slots.ports': [6700, 6701, 6702, 6703],
  'supervisor.worker.timeout.secs': 30,
  'supervisor.worker.start.timeout.secs': 120,
  'supervisor.worker.shutdown.sleep.secs': 3,
  'supervisor.monitor.frequency.secs': 3,
  'supervisor.heartbeat.frequency.secs': 5,
  'supervisor.environment': ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LANGUAGE', 'LC_*', 'TZ', 'TMPDIR'],
  'worker.heartbeat.frequency.secs': 1,
  'worker.supervisor.timeout.secs': 600,
  'worker.log.bytes.max': 52_428_800,
  'worker.log.files.max': 4,
  'polybolt.tls.ca': null,
  'polybolt.tls.cert': null,
  'polybolt.tls.key': null,
  'polybolt.token.client': null,
  'polybolt.token.daemon': null,
} as const satisfies Config;

export type DaemonKey = keyof typeof DAEMON_DEFAULTS;

/** Keys whose values are paths: in a file they are relative to that file, elsewhere to the current directory. */
export const PATH_KEYS: ReadonlySet<string> = new Set<DaemonKey>([
  'storm.local.dir',
  'storm.scheduler',
  'polybolt.tls.ca',
  'polybolt.tls.cert',
  'polybolt.tls.key',
  'polybolt.token.client',
  'polybolt.token.daemon',
]);

export interface ZookeeperSettings {
  /** Each `host:port`. */
  readonly servers: readonly string[];
  readonly root: string;
  readonly sessionTimeoutMs: number;
  readonly connectionTimeoutMs: number;
  /** A secret: never logged. */
  readonly auth?: { readonly scheme: string; readonly payload: string };
}

export interface DaemonSettings {
  readonly zookeeper: ZookeeperSettings;
  /** Absolute; undefined: `storm-local/<daemon>` in the current directory. */
  readonly localDirectory?: string;
  /** Absolute path of a scheduler's module; undefined: the even one. */
  readonly scheduler?: string;
  readonly nimbus: {
    readonly host: string;
    /** By which others reach it. */
    readonly advertisedHost: string;
    readonly port: number;
    readonly monitorMs: number;
    readonly taskTimeoutMs: number;
    readonly launchMs: number;
    readonly supervisorTimeoutMs: number;
  };
  readonly supervisor: {
    readonly host: string;
    /** By which others reach it; its workers listen there. */
    readonly advertisedHost: string;
    readonly port: number;
    readonly slotPorts: readonly number[];
    readonly workerTimeoutMs: number;
    readonly startTimeoutMs: number;
    readonly shutdownMs: number;
    readonly monitorMs: number;
    /** Names of variables that children get; a `*` at the end stands for any rest. */
    readonly environment: readonly string[];
  };
  readonly worker: {
    readonly heartbeatMs: number;
    readonly supervisorTimeoutMs: number;
    readonly logBytesMax: number;
    readonly logFilesMax: number;
  };
  readonly security: SecurityFiles;
}

/** Typed settings of a configuration that has been checked. */
export function daemonSettingsOf(config: Config): DaemonSettings {
  const value = <T>(key: DaemonKey): T => (config[key] ?? DAEMON_DEFAULTS[key]) as T;
  const ms = (key: DaemonKey): number => Math.round(value<number>(key) * 1000);
  const optional = (key: DaemonKey): string | undefined => value<string | null>(key) ?? undefined;
  const scheduler = optional('storm.scheduler');
  const localDirectory = optional('storm.local.dir');
  return {
    zookeeper: zookeeperOf(value),
    ...(localDirectory === undefined ? {} : { localDirectory }),
    ...(scheduler === undefined ? {} : { scheduler }),
    nimbus: {
      host: value('nimbus.host'),
      advertisedHost: advertised(value('nimbus.host'), optional('storm.local.hostname')),
      port: value('nimbus.port'),
      monitorMs: ms('nimbus.monitor.freq.secs'),
      taskTimeoutMs: ms('nimbus.task.timeout.secs'),
      launchMs: ms('nimbus.task.launch.secs'),
      supervisorTimeoutMs: ms('nimbus.supervisor.timeout.secs'),
    },
    supervisor: {
      host: value('supervisor.host'),
      advertisedHost: advertised(value('supervisor.host'), optional('storm.local.hostname')),
      port: value('supervisor.port'),
      slotPorts: value('supervisor.slots.ports'),
      workerTimeoutMs: ms('supervisor.worker.timeout.secs'),
      startTimeoutMs: ms('supervisor.worker.start.timeout.secs'),
      shutdownMs: ms('supervisor.worker.shutdown.sleep.secs'),
      monitorMs: ms('supervisor.monitor.frequency.secs'),
      environment: value('supervisor.environment'),
    },
    worker: {
      heartbeatMs: ms('worker.heartbeat.frequency.secs'),
      supervisorTimeoutMs: ms('worker.supervisor.timeout.secs'),
      logBytesMax: value('worker.log.bytes.max'),
      logFilesMax: value('worker.log.files.max'),
    },
    security: securityOf(optional),
  };
}

function zookeeperOf(value: <T>(key: DaemonKey) => T): ZookeeperSettings {
  const port = value<number>('storm.zookeeper.port');
  const scheme = value<string | null>('storm.zookeeper.auth.scheme');
  const payload = value<string | null>('storm.zookeeper.auth.payload');
  return {
    servers: value<readonly string[]>('storm.zookeeper.servers').map((server) =>
      /^(?:\[.*\]|[^:]*):\d+$/.test(server) ? server : `${server}:${port}`,
    ),
    root: value('storm.zookeeper.root'),
    sessionTimeoutMs: value('storm.zookeeper.session.timeout'),
    connectionTimeoutMs: value('storm.zookeeper.connection.timeout'),
    ...(scheme === null || payload === null ? {} : { auth: { scheme, payload } }),
  };
}

function securityOf(optional: (key: DaemonKey) => string | undefined): SecurityFiles {
  const [ca, cert, key] = [optional('polybolt.tls.ca'), optional('polybolt.tls.cert'), optional('polybolt.tls.key')];
  const [clientToken, daemonToken] = [optional('polybolt.token.client'), optional('polybolt.token.daemon')];
  return {
    ...(ca === undefined || cert === undefined || key === undefined ? {} : { tls: { ca, cert, key } }),
    ...(clientToken === undefined ? {} : { clientToken }),
    ...(daemonToken === undefined ? {} : { daemonToken }),
  };
}

/** An address that means all addresses of the machine is of no use to others. */
function advertised(host: string, configured: string | undefined): string {
  if (configured !== undefined) return configured;
  return host === '0.0.0.0' || host === '::' ? hostname() : host;
}
