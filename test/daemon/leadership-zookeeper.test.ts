import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { ZooKeeperStore } from '../../src/coordination/zookeeper-store.js';
import { Leadership } from '../../src/daemon/session/leadership.js';
import { SessionKeeper } from '../../src/daemon/session/session-keeper.js';
import { SYSTEM_CLOCK } from '../../src/daemon/settings/system-clock.js';
import { SILENT_LOG } from '../../src/model/log.js';
import { startProxy } from '../support/proxy.js';
import { needsZooKeeper, startZooKeeper } from '../support/zookeeper.js';

/** A daemon that does nothing but stand for leader, again with each session. */
class Daemon {
  readonly keeper: SessionKeeper;
  sessions = 0;
  leadership: Leadership | undefined;

  constructor(
    readonly id: string,
    address: string,
    events: string[],
  ) {
    const common = { clock: SYSTEM_CLOCK, log: SILENT_LOG };
    const store = new ZooKeeperStore({ servers: [address], root: '/latch', sessionTimeoutMs: 3000, connectionTimeoutMs: 5000, ...common });
    this.keeper = new SessionKeeper(store, { ...common, random: Math.random }, (session) => {
      this.sessions++;
      this.leadership = new Leadership(session, id, common, (leads) => events.push(`${id} ${leads ? 'leads' : 'does not'}`));
    });
  }

  get leads(): boolean {
    return this.leadership?.isLeader === true;
  }
}

t.test(
  'a leader that is cut off leads no more before another does, and comes back to the end of the line',
  { skip: needsZooKeeper() },
  async (t) => {
    const server = await startZooKeeper();
    const proxy = await startProxy(server.port);
    const events: string[] = [];
    const [one, two] = [new Daemon('one', proxy.address, events), new Daemon('two', server.address, events)];
    t.teardown(async () => {
      await Promise.all([one.keeper.stop(), two.keeper.stop()]);
      await proxy.close();
      await server.close();
    });
    let both = 0;
    const until = async (isSo: () => boolean): Promise<void> => {
      while (!isSo()) {
        if (one.leads && two.leads) both++;
        await pause(5);
      }
    };
    await one.keeper.start();
    await until(() => one.leads);
    await two.keeper.start();
    await proxy.freeze();
    await until(() => two.leads);
    t.equal(one.leads, false);
    t.same(events, ['one leads', 'one does not', 'two leads']);
    await until(() => one.keeper.session === undefined);
    await proxy.resume();
    await until(() => one.sessions === 2);
    await two.leadership?.close();
    await until(() => one.leads);
    t.equal(both, 0, 'never two leaders at one time');
    t.same(events, ['one leads', 'one does not', 'two leads', 'one leads']);
  },
);
