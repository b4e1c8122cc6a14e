import t from 'tap';
import { ChildWindow } from '../../src/flow/child-window.js';
import { CongestionBoard } from '../../src/flow/congestion-board.js';
import { createTopologyGraph } from '../../src/flow/topology-graph.js';
import {
  CHILD_READ_DELAY_TARGET_MS,
  CHILD_WINDOW_FIRST,
  CHILD_WINDOW_MAX,
  CHILD_WINDOW_MIN,
  COMPONENTS_MAX,
} from '../../src/model/limits.js';
import type { Component, Topology } from '../../src/model/topology.js';
import { xorshift } from '../random.js';

/** Sends until the window is shut, at one moment. */
function fill(window: ChildWindow, nowMs: number): void {
  while (!window.shut) window.onSent(nowMs);
}

/** Fills the window, and has the child read everything so much later. */
function round(window: ChildWindow, atMs: number, delayMs: number): number {
  fill(window, atMs);
  window.onRead(window.sent, atMs + delayMs);
  return window.limit;
}

t.test('a child may first be sent CHILD_WINDOW_FIRST tuples', async (t) => {
  t.equal(CHILD_WINDOW_FIRST, 128);
  const window = new ChildWindow();
  t.same([window.room, window.sent, window.shut], [128, 0, false]);
  for (let i = 0; i < 127; i++) window.onSent(0);
  t.same([window.room, window.shut], [1, false]);
  window.onSent(0);
  t.same([window.room, window.sent, window.shut], [0, 128, true]);
});

t.test('what the child has read makes room, and old news none', async (t) => {
  const window = new ChildWindow();
  fill(window, 0);
  window.onRead(100, 60);
  t.equal(window.room, 100);
  window.onRead(100, 60);
  window.onRead(7, 60);
  t.equal(window.room, 100);
});

t.test('a window that was the limit doubles when the child is quick, up to CHILD_WINDOW_MAX', async (t) => {
  const window = new ChildWindow();
  const limits = Array.from({ length: 7 }, (_, i) => round(window, i * 1000, 1));
  t.same(limits, [256, 512, 1024, 2048, 4096, 4096, 4096]);
  t.equal(CHILD_WINDOW_MAX, 4_096);
});

t.test('a window halves when a tuple waited longer than CHILD_READ_DELAY_TARGET_MS, down to CHILD_WINDOW_MIN and never shut', async (t) => {
  t.equal(CHILD_READ_DELAY_TARGET_MS, 100);
  const window = new ChildWindow();
  const limits = Array.from({ length: 7 }, (_, i) => round(window, i * 1000, 101));
  t.same(limits, [64, 32, 16, 8, 4, 4, 4]);
  t.equal(CHILD_WINDOW_MIN, 4);
  t.same([window.room, window.shut], [4, false]);
});

t.test('between half the target and the target the window stays', async (t) => {
  const window = new ChildWindow();
  t.same([round(window, 0, 100), round(window, 1000, 51), round(window, 2000, 50)], [128, 128, 256]);
});

t.test('a window that was not the limit does not grow', async (t) => {
  const window = new ChildWindow();
  for (let i = 0; i < 20; i++) {
    window.onSent(i);
    window.onRead(window.sent, i);
  }
  t.equal(window.limit, 128);
});

t.test('one tuple is timed at a time, from its own sending to the first news of it or of a later one', async (t) => {
  const window = new ChildWindow();
  window.onSent(0);
  for (let i = 0; i < 9; i++) window.onSent(150);
  window.onRead(1, 160);
  t.equal(window.limit, 64, 'the first waited 160 ms');
  window.onRead(5, 400);
  t.equal(window.limit, 64, 'of the others none was timed');
  window.onSent(500);
  window.onRead(10, 700);
  t.equal(window.limit, 64, 'the timed one has not been read yet');
  window.onRead(11, 700);
  t.equal(window.limit, 32, 'it waited 200 ms');
});

t.test('a window that shrank below what is under way opens when the child has caught up', async (t) => {
  const window = new ChildWindow();
  fill(window, 0);
  window.onRead(1, 500);
  t.same([window.limit, window.room, window.shut], [64, -63, true]);
  window.onRead(65, 600);
  t.same([window.room, window.shut], [1, false]);
});

/** A sender that writes down what it hears: whether its gate is open. */
function sender(): { readonly heard: boolean[]; onChange(isOpen: boolean): void } {
  const heard: boolean[] = [];
  return { heard, onChange: (isOpen) => void heard.push(isOpen) };
}

t.test('a gate is shut while one of its tasks is congested, and its sender hears once of each change', async (t) => {
  const board = new CongestionBoard();
  const spout = sender();
  const gate = board.watch([3, 4, 5], spout);
  t.equal(gate.isOpen, true);
  board.set(3, true);
  board.set(5, true);
  board.set(3, false);
  t.same([gate.isOpen, spout.heard], [false, [false]]);
  board.set(5, false);
  t.same([gate.isOpen, spout.heard], [true, [false, true]]);
});

t.test('to say the same twice changes nothing', async (t) => {
  const told: unknown[] = [];
  const board = new CongestionBoard((...change) => told.push(change));
  const spout = sender();
  const gate = board.watch([3], spout);
  board.set(3, false);
  t.same([spout.heard, told], [[], []]);
  board.set(3, true);
  board.set(3, true);
  t.same([board.size, board.isCongested(3), gate.isOpen], [1, true, false]);
  board.set(3, false);
  board.set(3, false);
  t.same([board.size, board.isCongested(3), gate.isOpen], [0, false, true]);
  t.same(
    [spout.heard, told],
    [
      [false, true],
      [
        [3, true],
        [3, false],
      ],
    ],
  );
});

t.test('a task that is named twice counts once, and one that nobody watches concerns nobody', async (t) => {
  const board = new CongestionBoard();
  const spout = sender();
  const gate = board.watch([3, 3], spout);
  board.set(9, true);
  t.equal(gate.isOpen, true);
  board.set(3, true);
  board.set(3, false);
  t.same([gate.isOpen, spout.heard, board.size], [true, [false, true], 1]);
});

t.test('whoever begins to watch congested tasks finds the gate shut and is told so', async (t) => {
  const board = new CongestionBoard();
  board.set(3, true);
  board.set(4, true);
  const spout = sender();
  const gate = board.watch([3, 4, 5], spout);
  t.same([gate.isOpen, spout.heard], [false, [false]]);
  board.set(3, false);
  board.set(4, false);
  t.same([gate.isOpen, spout.heard], [true, [false, true]]);
});

t.test('each sender has its own view', async (t) => {
  const board = new CongestionBoard();
  const [left, right, none] = [board.watch([3], sender()), board.watch([4], sender()), board.watch([], sender())];
  board.set(4, true);
  t.same([left.isOpen, right.isOpen, none.isOpen], [true, false, true]);
});

t.test('a sender that congests the task again as soon as it is free leaves every gate shut, and other workers know', async (t) => {
  const told: unknown[] = [];
  const board = new CongestionBoard((...change) => told.push(change));
  const greedy = { onChange: (isOpen: boolean) => isOpen && board.set(3, true) };
  const gates = [board.watch([3], sender()), board.watch([3], greedy), board.watch([3], sender())];
  board.set(3, true);
  board.set(3, false);
  t.same(
    gates.map(({ isOpen }) => isOpen),
    [false, false, false],
  );
  t.same(
    [board.isCongested(3), told],
    [
      true,
      [
        [3, true],
        [3, false],
        [3, true],
      ],
    ],
  );
});

t.test('a sender that watches anew as soon as it is free gets an open gate', async (t) => {
  const board = new CongestionBoard();
  const gates = [board.watch([3], { onChange: (isOpen) => isOpen && gates.push(board.watch([3], sender())) })];
  board.set(3, true);
  board.set(3, false);
  t.same(
    gates.map(({ isOpen }) => isOpen),
    [true, true],
  );
  board.set(3, true);
  t.same(
    gates.map(({ isOpen }) => isOpen),
    [false, false],
  );
});

/** A topology from lines like `split < lines count`: a component and what it listens to; spouts listen to nothing. */
function topology(...lines: readonly string[]): Topology {
  const common = {
    implementation: { type: 'shell', command: ['true'] },
    parallelism: 1,
    tasks: 1,
    outputs: {},
    config: {},
    environment: {},
    serializer: 'json',
    compat: {},
  } as const;
  const components = lines.map((line): Component => {
    const [id = '', ...sources] = line.split(/[ <]+/);
    if (sources.length === 0) return { ...common, id, kind: 'spout' };
    return { ...common, id, kind: 'bolt', inputs: sources.map((from) => ({ from, stream: 'default', grouping: { type: 'shuffle' } })) };
  });
  return {
    name: 'test',
    config: {},
    resources: '/',
    components: Object.fromEntries(components.map((component) => [component.id, component])),
  };
}

function waits(...lines: readonly string[]): Record<string, string[]> {
  return Object.fromEntries([...createTopologyGraph(topology(...lines)).waitsFor].map(([id, targets]) => [id, [...targets].sort()]));
}

t.test('a spout waits for everything downstream, a bolt for what it feeds', async (t) => {
  t.same(waits('lines', 'split < lines', 'count < split', 'report < count'), {
    lines: ['count', 'report', 'split'],
    split: ['count'],
    count: ['report'],
    report: [],
  });
});

t.test('branches that meet again are waited for once', async (t) => {
  t.same(waits('a', 'b', 'left < a', 'right < a b', 'join < left right'), {
    a: ['join', 'left', 'right'],
    b: ['join', 'right'],
    left: ['join'],
    right: ['join'],
    join: [],
  });
});

t.test('inside of a cycle nobody waits for a member of the same cycle, outside everybody does', async (t) => {
  t.same(waits('spout', 'a < spout c', 'b < a', 'c < b', 'out < b'), { spout: ['a', 'b', 'c', 'out'], a: [], b: ['out'], c: [], out: [] });
});

t.test('a bolt that listens to itself does not wait for itself', async (t) => {
  t.same(waits('spout', 'a < spout a', 'b < a'), { spout: ['a', 'b'], a: ['b'], b: [] });
});

t.test('of two cycles in a row the first waits for the second and not the other way round', async (t) => {
  const lines = ['spout', 'a < spout b', 'b < a', 'c < b d', 'd < c'];
  t.same(waits(...lines), { spout: ['a', 'b', 'c', 'd'], a: [], b: ['c'], c: [], d: [] });
  const { isInsideCycle } = createTopologyGraph(topology(...lines));
  const edges = [
    ['a', 'b'],
    ['b', 'a'],
    ['c', 'd'],
    ['d', 'c'],
    ['b', 'c'],
    ['spout', 'a'],
  ] as const;
  t.same(
    edges.map(([from, to]) => isInsideCycle(from, to)),
    [true, true, true, true, false, false],
  );
});

t.test('a sender that does not exist is nobody', async (t) => {
  t.same(waits('spout', 'a < spout ghost'), { spout: ['a'], a: [] });
  t.equal(createTopologyGraph(topology('spout')).isInsideCycle('ghost', 'spout'), false);
});

t.test('COMPONENTS_MAX components in one chain, closed to a ring at its end, are followed without a deep stack', async (t) => {
  t.equal(COMPONENTS_MAX, 10_000);
  const chain = Array.from({ length: 9_999 }, (_, i) => (i === 0 ? 'c0' : `c${i} < c${i - 1}${i === 5000 ? ' c9998' : ''}`));
  const { waitsFor, isInsideCycle } = createTopologyGraph(topology(...chain, 'out < c9998'));
  t.same([waitsFor.get('c0')?.size, [...(waitsFor.get('c4999') ?? [])], waitsFor.get('c5000')?.size], [9_999, ['c5000'], 0]);
  t.same([isInsideCycle('c9998', 'c5000'), isInsideCycle('c4999', 'c5000'), isInsideCycle('c9998', 'out')], [true, false, false]);
});

t.test('in random graphs two components share a cycle exactly when each can be reached from the other', async (t) => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = xorshift(seed * 2_654_435);
    const ids = Array.from({ length: 9 }, (_, i) => `b${i}`);
    const sources = ids.map(() => Array.from({ length: 1 + random(2) }, () => `b${random(9)}`));
    const { isInsideCycle } = createTopologyGraph(topology('spout', ...ids.map((id, i) => `${id} < spout ${sources[i]?.join(' ')}`)));
    const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
      ids.some((next, i) => sources[i]?.includes(from) === true && (next === to || (!seen.has(next) && reaches(next, to, seen.add(next)))));
    const wrong = ids.flatMap((from) =>
      ids.filter((to) => from !== to && isInsideCycle(from, to) !== (reaches(from, to) && reaches(to, from))),
    );
    if (wrong.length > 0) t.same(wrong, [], `seed ${seed}`);
  }
  t.pass('seeds 1 to 60');
});
