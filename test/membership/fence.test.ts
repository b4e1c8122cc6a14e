/**
 * The rules of incarnations and launches, over every short history: who is heard, who is kept waiting, who never again.
 */
import t from 'tap';
import { Fence, type FenceVerdict, Held, type WorkerLaunch } from '../../src/membership/fence.js';
import { generationOf, incarnationName } from '../../src/model/assignment.js';
import { LINK_HELD_BYTES_MAX, LINKS_HELD_MAX } from '../../src/model/limits.js';

const SELF: WorkerLaunch = { incarnation: '2.0', launch: 3 };

type Step = { readonly peers: readonly string[] } | WorkerLaunch;

const STEPS: readonly Step[] = [
  ...['1.1', '2.1', '3.1'].flatMap((incarnation) => [1, 2].map((launch) => ({ incarnation, launch }))),
  ...[[], ['1.1'], ['2.1'], ['1.1', '3.1']].map((peers) => ({ peers })),
];

/** What the rules say, written as history rather than as state. */
function expected(history: readonly Step[], other: WorkerLaunch): string {
  const assignments = history.flatMap((step) => ('peers' in step ? [step.peers] : []));
  const peers = assignments.at(-1) ?? [];
  const known = Math.max(generationOf(SELF.incarnation), ...assignments.flat().map(generationOf));
  const isPeer = peers.includes(other.incarnation);
  // What was seen of a worker is forgotten when an assignment that knows of its generation does not name it.
  let seen = 0;
  let generation = generationOf(SELF.incarnation);
  let named: readonly string[] = [];
  for (const step of history) {
    if ('peers' in step) {
      named = step.peers;
      generation = Math.max(generation, ...named.map(generationOf));
      if (!named.includes(other.incarnation) && generationOf(other.incarnation) <= generation) seen = 0;
    } else if (
      step.incarnation === other.incarnation &&
      (named.includes(step.incarnation) || generationOf(step.incarnation) > generation)
    ) {
      seen = Math.max(seen, step.launch);
    }
  }
  if (other.launch < seen) return 'refuse superseded';
  if (isPeer) return seen > 0 && other.launch > seen ? 'accept successor' : 'accept';
  return generationOf(other.incarnation) > known ? 'hold' : 'refuse no-peer';
}

function said(verdict: FenceVerdict): string {
  if (verdict.kind === 'refuse') return `refuse ${verdict.why}`;
  return verdict.kind === 'accept' && verdict.isSuccessor ? 'accept successor' : verdict.kind;
}

function after(history: readonly Step[]): Fence {
  const fence = new Fence(SELF);
  for (const step of history) {
    if ('peers' in step) fence.setPeers(step.peers);
    else fence.judge(step);
  }
  return fence;
}

t.test('after every history of up to four steps, each launch is heard, held or refused as the rules say', async (t) => {
  const others = STEPS.filter((step) => 'launch' in step);
  const wrong: unknown[] = [];
  let judged = 0;
  const walk = (history: readonly Step[]): void => {
    for (const other of others) {
      const fence = after(history);
      const rule = expected(history, other);
      const refusal = fence.refusalOf(other);
      const verdict = said(fence.judge(other));
      judged++;
      if (verdict !== rule || (refusal === undefined ? 'let in' : `refuse ${refusal}`) !== (rule.startsWith('refuse') ? rule : 'let in')) {
        wrong.push({ history, other, verdict, refusal, rule });
      }
    }
    if (history.length < 4) for (const step of STEPS) walk([...history, step]);
  };
  walk([]);
  t.equal(judged, (1 + 10 + 100 + 1000 + 10_000) * 6);
  t.same(wrong.slice(0, 3), []);
});

t.test('a frame for any other launch than this one is refused, whoever sent it', async (t) => {
  const from = { incarnation: '1.1', launch: 1 };
  const fence = after([{ peers: ['1.1'] }]);
  for (const to of [
    { incarnation: '2.0', launch: 2 },
    { incarnation: '2.0', launch: 4 },
    { incarnation: '2.1', launch: 3 },
    { incarnation: '1.0', launch: 3 },
  ]) {
    t.equal(said(fence.judgeFrame({ from, to })), 'refuse misaddressed');
  }
  t.equal(fence.launchOf('1.1'), undefined, 'and its sender is not remembered');
  t.equal(said(fence.judgeFrame({ from, to: SELF })), 'accept');
  t.equal(fence.launchOf('1.1'), 1);
});

t.test('a worker that was held is heard once the assignment names it, and its earlier launches are not', async (t) => {
  const fence = new Fence(SELF);
  t.equal(said(fence.judge({ incarnation: '3.1', launch: 2 })), 'hold');
  fence.setPeers(['3.1']);
  t.equal(said(fence.judge({ incarnation: '3.1', launch: 1 })), 'refuse superseded');
  t.equal(said(fence.judge({ incarnation: '3.1', launch: 2 })), 'accept', 'it is no successor of itself');
});

t.test('another launch of this very worker is never heard', async (t) => {
  const fence = after([{ peers: ['1.1'] }]);
  for (const launch of [1, 3, 9]) t.equal(said(fence.judge({ incarnation: '2.0', launch })), 'refuse no-peer');
});

t.test('LINKS_HELD_MAX workers are held at a time; more are refused until some have been named', async (t) => {
  const fence = new Fence(SELF);
  const names = Array.from({ length: LINKS_HELD_MAX + 1 }, (_, index) => incarnationName(3, index));
  const verdicts = names.map((incarnation) => said(fence.judge({ incarnation, launch: 1 })));
  t.same(new Set(verdicts.slice(0, -1)), new Set(['hold']));
  t.equal(verdicts.at(-1), 'refuse crowded');
  t.equal(said(fence.judge({ incarnation: '3.0', launch: 2 })), 'hold', 'one that is held already may come again');
  fence.setPeers(['3.0']);
  t.equal(said(fence.judge({ incarnation: '4.0', launch: 1 })), 'hold');
});

t.test('what a held worker says is kept in order, up to LINK_HELD_BYTES_MAX bytes and what came with them', async (t) => {
  const held = new Held<string>(LINK_HELD_BYTES_MAX);
  t.equal(held.add('a', LINK_HELD_BYTES_MAX - 1), true);
  t.equal(held.add('b', 1), false);
  t.equal(held.add('c', 5), false);
  t.equal(held.bytes, LINK_HELD_BYTES_MAX + 5);
  t.same(held.take(), ['a', 'b', 'c']);
  t.same([held.take(), held.bytes], [[], 0]);
});
