/**
 * What every daemon's process does besides its work: configuration, secrets, directory, log, signals, and the last word when something breaks. Invariant: it ends with a log line that says
 * why, and its exit status says the same.
 */

import { resolve } from 'node:path';
import type { StoreCredentials } from '../coordination/zookeeper-access.js';
import type { ZooKeeperStoreOptions } from '../coordination/zookeeper-store.js';
import { checkBind, loadSecurity, type Security } from '../daemon/security/security.js';
import { forgetVariables, loadDaemonConfig } from '../daemon/settings/daemon-config.js';
import type { DaemonSettings } from '../daemon/settings/daemon-config-settings.js';
import { claimDirectory } from '../daemon/settings/daemon-directory.js';
import { createDaemonLog, errorFields, hideSecrets } from '../daemon/settings/daemon-log.js';
import { SYSTEM_CLOCK } from '../daemon/settings/system-clock.js';
import type { Log } from '../model/log.js';
import { createConsoleLog } from './console-log.js';
import { EXIT } from './exit-codes.js';
import { configOf } from './options.js';

export interface DaemonOptions {
  readonly configFile?: string;
  readonly config?: Readonly<Record<string, string>>;
  /** Lowest level that is logged. */
  readonly log?: string;
}

export type DaemonKind = 'nimbus' | 'supervisor';

export interface DaemonContext {
  readonly settings: DaemonSettings;
  readonly security: Security;
  /** Of this daemon alone, and locked. */
  readonly directory: string;
  /** The same after a restart. */
  readonly id: string;
  readonly log: Log;
}

export interface RunningDaemon {
  /** Resolves when it does its work, to what the line `<kind>.ready` says; it may wait for ZooKeeper for ever. */
  readonly ready: Promise<Readonly<Record<string, unknown>>>;
  /** Ends it, ready or not. @param isInterrupt whether somebody pressed Ctrl-C, rather than asked the process to end */
  stop(isInterrupt: boolean): Promise<void>;
}

/** What the store is made of. */
export function zookeeperOptions({ zookeeper }: DaemonSettings): ZooKeeperStoreOptions {
  const { auth, ...rest } = zookeeper;
  // Another scheme is refused by the store, in words.
  return { ...rest, ...(auth === undefined ? {} : { credentials: auth as StoreCredentials }), clock: SYSTEM_CLOCK };
}

/** A URL that others can use, of the one that a server listens on. */
export function advertisedUrl(listening: string, host: string): string {
  const url = new URL(listening);
  url.hostname = host.includes(':') ? `[${host}]` : host;
  return url.origin;
}

/** Native handles of a client that does not let go may keep a process alive. */
const LINGER_MS = 2000;

/** Resolves to the exit status, when the daemon has ended. @param more configuration that the command's own options stand for */
export async function runDaemon(
  kind: DaemonKind,
  options: DaemonOptions,
  start: (context: DaemonContext) => Promise<RunningDaemon>,
  more: Readonly<Record<string, unknown>> = {},
): Promise<number> {
  const file = options.configFile ?? process.env['POLYBOLT_CONFIG_FILE'];
  const config = { ...configOf(options.config ?? {}), ...more };
  const result = loadDaemonConfig({ file, env: process.env, config, directory: process.cwd() });
  if ('mistakes' in result) {
    for (const mistake of result.mistakes) process.stderr.write(`${mistake}\n`);
    return EXIT.usage;
  }
  const { settings, warnings } = result;
  forgetVariables(process.env);
  const security = loadSecurity(settings.security);
  const log = createLog(options.log ?? 'info', secretsOf(security, settings));
  for (const message of warnings) log.warn('config.doubtful', { message });
  checkBind(settings[kind].host, security, `${kind}.host`);
  const directory = claimDirectory(settings.localDirectory ?? resolve('storm-local', kind));
  log.info(`${kind}.starting`, {
    id: directory.id,
    pid: process.pid,
    directory: directory.path,
    ...(file === undefined ? {} : { config: file }),
  });
  try {
    return await live(kind, log, () => start({ settings, security, directory: directory.path, id: directory.id, log }));
  } finally {
    directory.release();
    setTimeout(() => process.exit(), LINGER_MS).unref();
  }
}

async function live(kind: DaemonKind, log: Log, start: () => Promise<RunningDaemon>): Promise<number> {
  const crash = (error: unknown): void => {
    log.error(`${kind}.crashed`, errorFields(error));
    process.exit(EXIT.failed);
  };
  process.on('uncaughtException', crash).on('unhandledRejection', crash);
  const signals = new Signals();
  try {
    const daemon = await start();
    let isStopping = false;
    const ready = daemon.ready.then((fields) => {
      if (!isStopping) log.info(`${kind}.ready`, fields);
    });
    await Promise.race([ready.then(() => signals.first), signals.first]);
    // It may still wait for the store; then nobody hears of it any more.
    ready.catch(() => {});
    const signal = await signals.first;
    isStopping = true;
    log.info(`${kind}.stopping`, { signal });
    await Promise.race([daemon.stop(signal === 'SIGINT'), signals.second]);
    log.info(`${kind}.stopped`);
    return signal === 'SIGINT' ? EXIT.interrupted : EXIT.done;
  } catch (error) {
    log.error(`${kind}.failed`, errorFields(error));
    return EXIT.failed;
  } finally {
    signals.close();
    process.off('uncaughtException', crash).off('unhandledRejection', crash);
  }
}

/** The first asks to end, the second does not wait for it. */
class Signals {
  readonly first: Promise<NodeJS.Signals>;
  readonly second: Promise<void>;
  readonly #onSignal: (signal: NodeJS.Signals) => void;

  constructor() {
    let [one, two]: [(signal: NodeJS.Signals) => void, () => void] = [() => {}, () => {}];
    this.first = new Promise((resolve) => {
      one = resolve;
    });
    this.second = new Promise((resolve) => {
      two = resolve;
    });
    let count = 0;
    this.#onSignal = (signal) => {
      count++;
      if (count === 1) one(signal);
      else two();
    };
    process.on('SIGTERM', this.#onSignal).on('SIGINT', this.#onSignal).on('SIGHUP', this.#onSignal);
  }

  close(): void {
    process.off('SIGTERM', this.#onSignal).off('SIGINT', this.#onSignal).off('SIGHUP', this.#onSignal);
  }
}

function createLog(level: string, secrets: readonly string[]): Log {
  if (!process.stderr.isTTY) return createDaemonLog({ level, secrets });
  return createConsoleLog(level, (line) => process.stderr.write(hideSecrets(line, secrets)));
}

/** Everything that must not appear in a log line. */
function secretsOf({ clientToken, daemonToken }: Security, { zookeeper }: DaemonSettings): readonly string[] {
  const payload = zookeeper.auth?.payload;
  // Of user:password, a library may quote the password alone.
  const password = payload === undefined ? undefined : payload.slice(payload.indexOf(':') + 1);
  return [clientToken, daemonToken, payload, password].filter((secret) => secret !== undefined).filter((secret) => secret !== '');
}
