import t from 'tap';
import type { AckLedger } from '../../src/acking/ack-ledger.js';
import { EdgeIds } from '../../src/acking/edge-ids.js';
import { ackTuple, addRoot, anchor, failTuple } from '../../src/acking/tuple-tree.js';
import type { Tuple } from '../../src/model/tuple.js';
import { xorshift } from '../random.js';
import { Forest, tuple } from './tuple-trees.js';

const SEED = 20_260_404;

/** Ids 1:101, 2:102, 3:103 and so on. */
function countedIds(): EdgeIds {
  return new EdgeIds((pool) => {
    for (let i = 0; i < pool.length; i += 2) {
      pool[i] = 1 + i / 2;
      pool[i + 1] = 101 + i / 2;
    }
  });
}

function rootsOf({ rootCount, rootHigh, rootLow, edgeHigh, edgeLow, moreRoots }: Tuple): number[][] {
  const more = moreRoots ?? [];
  const first = rootCount === 0 ? [] : [[rootHigh, rootLow, edgeHigh, edgeLow]];
  return [...first, ...Array.from({ length: more.length / 4 }, (_, i) => more.slice(4 * i, 4 * i + 4))];
}

function sent(act: (sink: Parameters<typeof ackTuple>[1]) => void): unknown[] {
  const messages: unknown[] = [];
  act({ ack: (...message) => messages.push(['ack', ...message]), fail: (...message) => messages.push(['fail', ...message]) });
  return messages;
}

t.test('a child takes over the roots of its anchor under one fresh id, which the anchor remembers', async (t) => {
  const [parent, child, ids] = [tuple(), tuple(), countedIds()];
  addRoot(parent, 9, 1, 50, 51);
  addRoot(parent, 9, 2, 60, 61);
  addRoot(parent, 8, 1, 70, 71);
  anchor(child, parent, ids);
  t.same(rootsOf(child), [
    [9, 1, 1, 101],
    [9, 2, 1, 101],
    [8, 1, 1, 101],
  ]);
  t.same([parent.rootCount, child.rootCount], [3, 3]);
  t.same([parent.accumulatorHigh, parent.accumulatorLow], [1, 101]);
});

t.test('two anchors of one root give the child both of their ids, and each anchor remembers its own', async (t) => {
  const [left, right, join, ids] = [tuple(), tuple(), tuple(), countedIds()];
  addRoot(left, 9, 1, 50, 51);
  addRoot(right, 9, 1, 60, 61);
  anchor(join, left, ids);
  anchor(join, right, ids);
  t.same(rootsOf(join), [[9, 1, 1 ^ 2, 101 ^ 102]]);
  t.same([left.accumulatorHigh, left.accumulatorLow, right.accumulatorHigh, right.accumulatorLow], [1, 101, 2, 102]);
});

t.test('a root that is met again, first or later, is XORed and not listed twice', async (t) => {
  const child = tuple();
  for (const low of [1, 2, 3]) addRoot(child, 9, low, 1, 1);
  for (const low of [3, 2, 1]) addRoot(child, 9, low, 4, 6);
  t.same(rootsOf(child), [
    [9, 1, 5, 7],
    [9, 2, 5, 7],
    [9, 3, 5, 7],
  ]);
  t.equal(child.rootCount, 3);
});

t.test('ML-TK-06: an anchor without roots, such as a tick, is tracked nowhere and draws no id', async (t) => {
  const [tick, child, ids] = [tuple(), tuple(), countedIds()];
  anchor(child, tick, ids);
  t.same([rootsOf(child), tick.accumulatorHigh, tick.accumulatorLow], [[], 0, 0]);
  ids.draw();
  t.same([ids.high, ids.low], [1, 101]);
});

t.test('an ack sends for each root the edge XOR what was anchored, a fail names each root', async (t) => {
  const [parent, ids] = [tuple(), countedIds()];
  addRoot(parent, 9, 1, 50, 51);
  addRoot(parent, 9, 2, 60, 61);
  anchor(tuple(), parent, ids);
  anchor(tuple(), parent, ids);
  t.same(
    sent((sink) => ackTuple(parent, sink)),
    [
      ['ack', 9, 1, 50 ^ 1 ^ 2, 51 ^ 101 ^ 102],
      ['ack', 9, 2, 60 ^ 1 ^ 2, 61 ^ 101 ^ 102],
    ],
  );
  t.same(
    sent((sink) => failTuple(parent, sink)),
    [
      ['fail', 9, 1],
      ['fail', 9, 2],
    ],
  );
});

t.test('a tuple without roots sends nothing', async (t) => {
  t.same(
    sent((sink) => ackTuple(tuple(), sink)),
    [],
  );
  t.same(
    sent((sink) => failTuple(tuple(), sink)),
    [],
  );
});

t.test('a join anchored to two tuples of one root never completes early, whatever the order of acks', async (t) => {
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];
  for (const order of orders) {
    const forest = new Forest(SEED);
    forest.root(1, 2);
    const [left, right] = forest.live as [Forest['live'][0], Forest['live'][0]];
    forest.emit([left, right]);
    const tuples = [...forest.live];
    for (const [count, index] of order.entries()) {
      t.same(forest.verdicts, [], `${count} of 3 acked`);
      forest.ackLive(forest.live.indexOf(tuples[index] as Forest['live'][0]));
      for (const deliver of forest.mail.splice(0)) deliver();
    }
    t.same(forest.verdicts, ['ack 9:1']);
  }
});

/** Grows and harvests random trees until every root has ended. */
function grow(forest: Forest, random: (below: number) => number, roots: number, mayFail: boolean, onStep: () => void = () => {}): void {
  let started = 0;
  for (let step = 0; started < roots || forest.live.length > 0; step++) {
    const choice = random(10);
    const pick = (): number => random(forest.live.length);
    if (started < roots && (choice < 2 || forest.live.length === 0)) forest.root(++started, random(4));
    else if (choice < 5 && step < 40 * roots) {
      const anchors = new Set(Array.from({ length: 1 + random(3) }, () => forest.live[pick()] as Forest['live'][0]));
      for (let copies = 1 + random(2); copies > 0; copies--) forest.emit([...anchors]);
    } else if (mayFail && choice === 9) forest.failLive(pick());
    else forest.ackLive(pick());
    onStep();
  }
}

/** Delivers what was sent to the acker, out of order. */
function deliverShuffled(forest: Forest, random: (below: number) => number): void {
  while (forest.mail.length > 0) forest.mail.splice(random(forest.mail.length), 1)[0]?.();
}

t.test('random trees of many roots, anchors and joins complete exactly when all is acked, in any order of messages', async (t) => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = xorshift(SEED + seed * 7919);
    const forest = new Forest(seed);
    grow(forest, random, 12, false);
    // Every message but one: at most the roots that the last one does not name can be complete.
    const last = forest.mail.splice(random(forest.mail.length), 1)[0] as () => void;
    deliverShuffled(forest, random);
    const before = forest.verdicts.length;
    last();
    const expected = Array.from({ length: 12 }, (_, i) => `ack 9:${i + 1}`).sort();
    if (before !== 11) t.equal(before, 11, `seed ${SEED}/${seed}: the last message completes one root`);
    if (JSON.stringify([...forest.verdicts].sort()) !== JSON.stringify(expected))
      t.same([...forest.verdicts].sort(), expected, `seed ${SEED}/${seed}`);
    if (forest.ledger.size !== 0) t.equal(forest.ledger.size, 0, `seed ${SEED}/${seed}`);
  }
  t.pass(`seeds ${SEED}/1 to ${SEED}/60`);
});

t.test('at every moment the roots with a verdict are those of which nothing is live', async (t) => {
  for (let seed = 1; seed <= 25; seed++) {
    const random = xorshift(SEED + seed * 104_729);
    const forest = new Forest(seed);
    const deliver = (): void => {
      for (const message of forest.mail.splice(0)) message();
      const done = [...forest.open].filter(([, open]) => open === 0).map(([root]) => `ack 9:${root}`);
      const verdicts = forest.verdicts.filter((verdict) => forest.open.has(Number(verdict.slice(6))));
      if (JSON.stringify(done.sort()) !== JSON.stringify(verdicts.sort())) t.same(verdicts.sort(), done.sort(), `seed ${SEED}/${seed}`);
    };
    grow(forest, random, 8, false, deliver);
    t.equal(forest.verdicts.length, 8, `seed ${SEED}/${seed}`);
  }
});

t.test('where tuples fail, the roots they hung on fail, once each, and the others complete', async (t) => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = xorshift(SEED + seed * 15_485_863);
    const forest = new Forest(seed);
    const first = new Set<string>();
    grow(forest, random, 10, true);
    for (const message of forest.mail.splice(0)) message();
    for (const verdict of forest.verdicts) {
      const [kind, root] = verdict.split(' 9:') as [string, string];
      const expected = forest.failed.has(Number(root)) ? 'fail' : 'ack';
      if (kind !== expected || first.has(root)) t.fail(`${verdict}, expected ${expected} once: seed ${SEED}/${seed}`);
      first.add(root);
    }
    t.equal(first.size, 10, `seed ${SEED}/${seed}`);
  }
});

t.test('with one id for a target instead of one for each anchor, the join would complete early: the rule is needed', async (t) => {
  const forest = new Forest(SEED);
  forest.root(1, 2);
  const [left, right] = forest.live.map(({ tuple: parent }) => parent) as [Tuple, Tuple];
  const join = tuple();
  const { ids, ledger }: { ids: EdgeIds; ledger: AckLedger } = forest;
  ids.draw();
  for (const parent of [left, right]) {
    parent.accumulatorHigh ^= ids.high;
    parent.accumulatorLow ^= ids.low;
    addRoot(join, parent.rootHigh, parent.rootLow, ids.high, ids.low);
  }
  ackTuple(left, forest);
  ackTuple(right, forest);
  for (const message of forest.mail.splice(0)) message();
  t.same([forest.verdicts, ledger.size], [['ack 9:1'], 0], 'complete although the join is live');
});
