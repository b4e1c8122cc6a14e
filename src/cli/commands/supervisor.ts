/**
 * `polybolt supervisor`: the daemon that runs the workers of one machine, wired from its parts. Invariant: SIGTERM leaves the workers running for its next life to take over, as
 * Storm does, so that an upgrade stops no topology; Ctrl-C ends them too.
 */
import { join } from 'node:path';
import { allowedEnvironment } from '../../component/child-environment.js';
import { ZooKeeperStore } from '../../coordination/zookeeper-store.js';
import { createHttpServer } from '../../daemon/http/http-server.js';
import { linkToken } from '../../daemon/security/security.js';
import { DAEMON_DEFAULTS } from '../../daemon/settings/daemon-config-settings.js';
import { SYSTEM_CLOCK } from '../../daemon/settings/system-clock.js';
import { HttpCodeCache } from '../../daemon/supervisor/code-cache-http.js';
import { Supervisor } from '../../daemon/supervisor/supervisor.js';
import { supervisorRoutes } from '../../daemon/supervisor/supervisor-http.js';
import { LaunchFiles } from '../../daemon/supervisor/supervisor-launches.js';
import { ProcessLauncher, workerProgram } from '../../daemon/worker/worker-launcher.js';
import { PolyboltError } from '../../model/errors.js';
import {
  advertisedUrl,
  type DaemonContext,
  type DaemonOptions,
  type RunningDaemon,
  runDaemon,
  zookeeperOptions,
} from '../daemon-process.js';

export interface SupervisorCommandOptions extends DaemonOptions {
  /** Instead of `supervisor.slots.ports`: so many, from the first of its default on. */
  readonly slots?: number;
}

/** A worker that stops is killed by its slot; this much later by its launcher, when the supervisor itself is ending. */
const STOP_SLACK_MS = 3000;
const SLOTS_MAX = 1000;

export async function supervisorCommand(options: SupervisorCommandOptions): Promise<number> {
  const { slots } = options;
  const config = slots === undefined ? {} : { 'supervisor.slots.ports': slotPorts(slots) };
  return runDaemon('supervisor', options, start, config);
}

function slotPorts(count: number): number[] {
  const [first] = DAEMON_DEFAULTS['supervisor.slots.ports'];
  if (Number.isInteger(count) && count >= 1 && count <= SLOTS_MAX) return Array.from({ length: count }, (_, index) => first + index);
  throw new PolyboltError('PB_USAGE', {
    message: `--slots must be a whole number from 1 to ${SLOTS_MAX}, not ${count}.`,
    hint: 'One slot runs one worker. For other ports, set supervisor.slots.ports.',
  });
}

async function start(context: DaemonContext): Promise<RunningDaemon> {
  const { settings, security, directory, id, log } = context;
  const { supervisor: own } = settings;
  const launcher = launcherOf(context);
  const environment = allowedEnvironment(process.env, own.environment);
  const code = new HttpCodeCache(
    { directory: join(directory, 'code'), security, environment },
    { nimbusUrls: () => supervisor.nimbusUrls(), clock: SYSTEM_CLOCK, random: Math.random, log },
  );
  // The server comes first, since the supervisor makes its address known.
  const routes = supervisorRoutes({
    id,
    supervisor: {
      get workers() {
        return supervisor.workers;
      },
      snapshot: (topologyId, port) => supervisor.snapshot(topologyId, port),
    },
    workersDirectory: join(directory, 'workers'),
  });
  const server = createHttpServer({ routes, security, log });
  const url = advertisedUrl(await server.listen(own.host, own.port), own.advertisedHost);
  const supervisor: Supervisor = new Supervisor(
    { ...own, id, host: own.advertisedHost, ports: own.slotPorts, url },
    {
      store: new ZooKeeperStore(zookeeperOptions(settings)),
      launcher,
      code,
      clock: SYSTEM_CLOCK,
      random: Math.random,
      log,
      launches: new LaunchFiles(join(directory, 'launches')),
    },
  );
  return {
    ready: supervisor.start().then(() => ({ url, slots: own.slotPorts })),
    stop: async (isInterrupt) => {
      await Promise.all([server.close(), code.close(), supervisor.stop({ keepWorkers: !isInterrupt })]);
      launcher.close();
    },
  };
}

function launcherOf({ settings, security, directory, log }: DaemonContext): ProcessLauncher {
  const { supervisor, worker, security: files } = settings;
  return new ProcessLauncher(
    {
      directory: join(directory, 'workers'),
      program: workerProgram(),
      listenHost: supervisor.host,
      heartbeatMs: worker.heartbeatMs,
      supervisorTimeoutMs: worker.supervisorTimeoutMs,
      stopMs: supervisor.shutdownMs + STOP_SLACK_MS,
      logBytesMax: worker.logBytesMax,
      logFilesMax: worker.logFilesMax,
      environment: supervisor.environment,
      linkToken: (topologyId) => linkToken(security.daemonToken, topologyId),
      ...(files.tls === undefined ? {} : { tls: files.tls }),
    },
    { log },
  );
}
