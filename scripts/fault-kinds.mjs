// What can go wrong with a cluster on this machine, for `npm run faults`. Invariant: what a fault broke is whole again when what it returned has been called; the same seed gives the
// same choices as long as the cluster answers alike.
import { existsSync } from 'node:fs';

const ZOOKEEPER_AWAY_MS_MAX = 60_000;

export class Faults {
  /** How often there was each. */
  counts = new Map();
  random;
  #cluster;
  #zookeeper;
  #proxies;
  #say;
  #isZooKeeperDead = false;

  /** @param proxies before the servers of each of the cluster's daemons, in the same order */
  constructor({ cluster, zookeeper, proxies, seed, say }) {
    this.#cluster = cluster;
    this.#zookeeper = zookeeper;
    this.#proxies = proxies;
    this.#say = say;
    this.random = randomOf(seed);
  }

  /** One fault. Resolves to what waits and then puts things back in order. */
  async any() {
    const [what, act] = this.#pick(this.#kinds);
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
    return act(what);
  }

  #kinds = [
    ['a component killed', (what) => this.#killed(what, [this.#component()])],
    ['a worker killed', (what) => this.#killed(what, [this.#worker()?.pid])],
    [
      'all workers killed',
      (what) =>
        this.#killed(
          what,
          this.#cluster.workers().map(({ pid }) => pid),
        ),
    ],
    ['a supervisor killed', (what) => this.#ended(what, this.#pick(this.#cluster.supervisors), 'SIGKILL', 8000)],
    ['a supervisor restarted', (what) => this.#ended(what, this.#pick(this.#cluster.supervisors), 'SIGTERM', 500)],
    ['a nimbus killed', (what) => this.#ended(what, this.#pick(this.#cluster.nimbuses), 'SIGKILL', 8000)],
    ['the leading nimbus killed', async (what) => this.#ended(what, await this.#leader(), 'SIGKILL', 8000)],
    ['a component frozen', (what) => this.#frozen(what, [this.#component()], 15_000)],
    ['a worker frozen', (what) => this.#frozen(what, [this.#worker()?.pid], 8000)],
    ['a daemon frozen', (what) => this.#frozen(what, [this.#pick(this.#cluster.daemons).pid], 15_000)],
    ['a machine lost', (what) => this.#lost(what)],
    [
      'a machine frozen',
      (what) => {
        const supervisor = this.#pick(this.#cluster.supervisors);
        return this.#frozen(what, [supervisor.pid, ...this.#processesOf(supervisor)], 15_000);
      },
    ],
    ['a daemon cut off', (what) => this.#cutOff(what)],
    ['ZooKeeper away', (what) => this.#away(what)],
  ];

  #killed(what, pids) {
    this.#say(`${what}: ${pids.join(' ')}`);
    for (const pid of pids) kill(pid, 'SIGKILL');
    return () => {};
  }

  async #ended(what, daemon, signal, forMsMax) {
    const forMs = this.random() * forMsMax;
    this.#say(`${what}: ${daemon.name}, for ${seconds(forMs)}`);
    // One that is frozen could not end.
    await daemon.signal('SIGCONT');
    await daemon.signal(signal);
    return after(forMs, () => {
      if (!daemon.isRunning) daemon.start();
    });
  }

  #lost(what) {
    const supervisor = this.#pick(this.#cluster.supervisors);
    const pids = this.#processesOf(supervisor);
    const mend = this.#ended(what, supervisor, 'SIGKILL', 15_000);
    for (const pid of pids) kill(pid, 'SIGKILL');
    return mend;
  }

  #frozen(what, pids, forMsMax) {
    const forMs = this.random() * forMsMax;
    this.#say(`${what}: ${pids.join(' ')}, for ${seconds(forMs)}`);
    for (const pid of pids) kill(pid, 'SIGSTOP');
    return after(forMs, () => {
      for (const pid of pids) kill(pid, 'SIGCONT');
    });
  }

  async #cutOff(what) {
    const index = Math.floor(this.random() * this.#proxies.length);
    const way = this.#pick(['freeze', 'deafen', 'cut', 'disconnect']);
    const forMs = this.random() * 15_000;
    this.#say(`${what}: ${this.#cluster.daemons[index].name}, ${way}, for ${seconds(forMs)}`);
    await this.#proxies[index][way]();
    return after(forMs, () => this.#proxies[index].resume());
  }

  async #away(what) {
    const forMs = this.random() ** 2 * ZOOKEEPER_AWAY_MS_MAX;
    const isFrozen = this.random() < 0.5;
    this.#say(`${what}: ${isFrozen ? 'frozen' : 'killed'}, for ${seconds(forMs)}`);
    if (isFrozen) this.#zookeeper.freeze();
    else {
      this.#isZooKeeperDead = true;
      await this.#zookeeper.kill();
    }
    return after(forMs, async () => {
      this.#zookeeper.thaw();
      if (this.#isZooKeeperDead) await this.#zookeeper.restart();
      this.#isZooKeeperDead = false;
    });
  }

  async #leader() {
    const url = (await this.#cluster.state())?.leader?.url;
    return this.#cluster.nimbuses.find((nimbus) => nimbus.url === url) ?? this.#cluster.nimbuses[0];
  }

  #worker() {
    return this.#pick(this.#cluster.workers());
  }

  #component() {
    return this.#pick(this.#cluster.workers().flatMap(({ children }) => children));
  }

  #processesOf(supervisor) {
    return this.#cluster.workers().flatMap(({ supervisor: owner, pid, children }) => (owner === supervisor ? [pid, ...children] : []));
  }

  #pick(list) {
    return list[Math.floor(this.random() * list.length)];
  }
}

export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

function after(ms, action) {
  const due = new Promise((resolve) => setTimeout(resolve, ms));
  return async () => {
    await due;
    await action();
  };
}

/** @param pid undefined where there was none to choose */
function kill(pid, signal) {
  if (pid === undefined || !existsSync(`/proc/${pid}`)) return;
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/** Mulberry32: numbers from 0 up to 1. */
function randomOf(number) {
  let state = number >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
