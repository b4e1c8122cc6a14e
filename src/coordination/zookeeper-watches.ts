/**
 * The subscriptions of one session over ZooKeeper's one-shot watches. Invariant: subscribers are called only after their watch is set again, so that what they
 * read then is at least as new as the change that called them, and the next change calls them again.
 */
import { parentOf, type StoreSubject, type Subscription } from './store.js';
import type { NodeEvent } from './zookeeper-connection.js';
import type { ZooKeeperLink } from './zookeeper-link.js';
import { absentIfMissing, type NodeStat } from './zookeeper-native.js';

/** All subscribers to one subject of one path. */
interface Watchpoint {
  readonly subject: StoreSubject;
  readonly path: string;
  readonly subscribers: Set<() => void>;
  /** `stale`: the watch has fired while it was being set. */
  state: 'armed' | 'arming' | 'stale';
  /** Something has changed, or somebody has come, since the subscribers were called. */
  isDue: boolean;
  /** What was there when the watch was set. */
  seen: string;
}

const FIRED_BY: Readonly<Record<NodeEvent, readonly StoreSubject[]>> = {
  created: ['entry', 'children'],
  deleted: ['entry', 'children'],
  changed: ['entry'],
  child: ['children'],
};

export class ZooKeeperWatches {
  readonly #link: () => ZooKeeperLink;
  readonly #points = new Map<string, Watchpoint>();
  /** Nodes seen half-created: readers of their parents found nothing behind a name. */
  readonly #halves = new Set<string>();

  /** @param link is asked for on the first subscription. */
  constructor(link: () => ZooKeeperLink) {
    this.#link = link;
  }

  /** @param path as the server has it. */
  subscribe(path: string, subject: StoreSubject, onChange: () => void): Subscription {
    const key = keyOf(path, subject);
    const subscriber = (): void => onChange();
    const known = this.#points.get(key);
    const point: Watchpoint = known ?? { subject, path, subscribers: new Set(), state: 'arming', isDue: true, seen: '' };
    point.subscribers.add(subscriber);
    if (known === undefined) {
      this.#points.set(key, point);
      void this.#arm(point);
    } else if (point.state === 'armed') queueMicrotask(() => this.#call(point, subscriber));
    else point.isDue = true;
    return {
      close: () => {
        point.subscribers.delete(subscriber);
        if (point.subscribers.size === 0 && this.#points.get(key) === point) this.#points.delete(key);
      },
    };
  }

  /** Reads a node that may be half-created and makes sure that, when it is whole, readers of its parent's children are called. Undefined where there is none. */
  async expect(path: string): Promise<NodeStat | undefined> {
    this.#halves.add(path);
    const link = this.#link();
    const stat = await link.persist(() => watchNode(link, path));
    if (stat === undefined) this.#halves.delete(path);
    return stat;
  }

  /** A watch of the server's fired. */
  fire(event: NodeEvent, path: string): void {
    for (const subject of FIRED_BY[event]) {
      const point = this.#points.get(keyOf(path, subject));
      if (point === undefined) continue;
      point.isDue = true;
      if (point.state === 'armed') void this.#arm(point);
      else point.state = 'stale';
    }
    if (this.#halves.delete(path)) this.#callReadersAbove(path);
  }

  /** The server knows of no watch any more: sets all again, and calls those under whom something has changed. */
  renew(): void {
    for (const point of this.#points.values()) if (point.state === 'armed') void this.#arm(point);
    const halves = [...this.#halves];
    this.#halves.clear();
    for (const path of halves) this.#callReadersAbove(path);
  }

  async #arm(point: Watchpoint): Promise<void> {
    try {
      do {
        point.state = 'arming';
        const seen = await this.#link().persist(() => this.#set(point));
        point.isDue ||= seen !== point.seen;
        point.seen = seen;
      } while (isStale(point));
      point.state = 'armed';
    } catch {
      // The session is over, and nobody is called; or the node is closed to us, and whoever reads it when called now meets that error.
      this.#points.delete(keyOf(point.path, point.subject));
      point.isDue = true;
    }
    if (!point.isDue) return;
    point.isDue = false;
    this.#callAll(point);
  }

  /** Returns what changes whenever the subject does. The client knows a watch by its path only: setting one twice makes no second. */
  async #set({ path, subject }: Watchpoint): Promise<string> {
    const link = this.#link();
    for (;;) {
      const children = subject === 'children' ? await watchChildren(link, path) : undefined;
      if (children !== undefined) return `${children.czxid} ${children.pzxid}`;
      // Where there is nothing yet, its creation is waited for; what is created between the two questions has children to be watched.
      const stat = await watchNode(link, path);
      if (stat === undefined) return 'nothing';
      if (subject === 'entry') return `${stat.czxid} ${stat.mzxid}`;
    }
  }

  #callReadersAbove(path: string): void {
    const above = this.#points.get(keyOf(parentOf(path), 'children'));
    if (above?.state === 'armed') this.#callAll(above);
    else if (above !== undefined) above.isDue = true;
  }

  #callAll(point: Watchpoint): void {
    for (const subscriber of point.subscribers) this.#call(point, subscriber);
  }

  #call(point: Watchpoint, subscriber: () => void): void {
    if (point.subscribers.has(subscriber) && this.#link().end === undefined) subscriber();
  }
}

/** Undefined where there is no such node; in both cases its next change is told. */
function watchNode(link: ZooKeeperLink, path: string): Promise<NodeStat | undefined> {
  return link.request<[NodeStat]>((native, answer) => native.a_exists(path, true, answer)).then(([stat]) => stat, absentIfMissing);
}

/** Undefined where there is no such node, and then nothing will be told. */
function watchChildren(link: ZooKeeperLink, path: string): Promise<NodeStat | undefined> {
  return link
    .request<[string[], NodeStat]>((native, answer) => native.a_get_children2(path, true, answer))
    .then(([, stat]) => stat, absentIfMissing);
}

/** The watch may fire while its setting is awaited. */
function isStale(point: Watchpoint): boolean {
  return point.state === 'stale';
}

function keyOf(path: string, subject: StoreSubject): string {
  return `${subject} ${path}`;
}
