/**
 * `polybolt nimbus`: the daemon that takes topologies and places them. Invariant: stopping it, however that comes, stops no topology; another nimbus, or this one
 * when it is back, carries on.
 */
import { ZooKeeperStore } from '../../coordination/zookeeper-store.js';
import { NimbusDaemon } from '../../daemon/nimbus/nimbus-daemon.js';
import { SYSTEM_CLOCK } from '../../daemon/settings/system-clock.js';
import {
  advertisedUrl,
  type DaemonContext,
  type DaemonOptions,
  type RunningDaemon,
  runDaemon,
  zookeeperOptions,
} from '../daemon-process.js';

export async function nimbusCommand(options: DaemonOptions): Promise<number> {
  return runDaemon('nimbus', options, start);
}

async function start({ settings, security, directory, id, log }: DaemonContext): Promise<RunningDaemon> {
  const { nimbus: own, scheduler, zookeeper } = settings;
  const daemon = await NimbusDaemon.start(
    {
      ...own,
      id,
      directory,
      advertise: (url) => advertisedUrl(url, own.advertisedHost),
      scheduler,
      schedulerDirectory: process.cwd(),
      sessionMs: zookeeper.sessionTimeoutMs,
    },
    {
      store: new ZooKeeperStore(zookeeperOptions(settings)),
      security,
      clock: SYSTEM_CLOCK,
      random: Math.random,
      epochSeconds: () => Math.floor(Date.now() / 1000),
      log,
    },
  );
  return { ready: daemon.ready.then(() => ({ url: daemon.url })), stop: () => daemon.stop() };
}
