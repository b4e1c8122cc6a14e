/**
 * Links over real sockets: cut, frozen, superseded, not named yet, flooded. What was sent before a loss never arrives after it, and nothing arrives twice.
 */
import t from 'tap';
import {
  LINK_FRAMES_UNWRITTEN_MAX,
  LINK_HARD_FACTOR,
  LINK_HELD_BYTES_MAX,
  LINK_QUEUE_BYTES_MAX,
  LINK_TURN_BYTES,
} from '../../src/model/limits.js';
import { startProxy } from '../support/proxy.js';
import { batchOf, introduce, pairOf, startWorker, type WsWorker } from './workers.js';

const MEGABYTE = `["${'x'.repeat(1024 * 1024)}"]`;

function close(...workers: readonly WsWorker[]): Promise<unknown> {
  return Promise.all(workers.map(({ network }) => network.close()));
}

/** Two workers, of which the second receives from the first through a proxy. */
async function proxiedPair(options: Parameters<typeof startWorker>[1] = {}) {
  const [one, other] = await Promise.all([startWorker('1.0', options), startWorker('1.1', options)]);
  const proxy = await startProxy(one.address.port);
  introduce(one, other);
  introduce(other, { name: one.name, address: { host: '127.0.0.1', port: proxy.port } });
  await Promise.all([one.ear.until(() => one.ear.count('free 1.1') > 0), other.ear.until(() => other.ear.count('free 1.0') > 0)]);
  return { one, other, proxy };
}

t.test('a link that is cut is made again, both ends hear of the loss, and nothing arrives twice, late or out of order', async (t) => {
  const { one, other, proxy } = await proxiedPair();
  let sent = 0;
  let stop = false;
  const pump = (): void => {
    if (stop) return;
    one.transport.send('1.1', batchOf(`[${sent++}]`));
    setImmediate(pump);
  };
  pump();
  const firstAfterLoss: number[] = [];
  for (let cut = 1; cut <= 5; cut++) {
    const heard = other.ear.texts.length;
    await other.ear.until(() => other.ear.texts.length > heard + 20);
    const sentBefore = sent;
    await proxy.disconnect();
    await Promise.all([one.ear.until(() => one.ear.count('lost 1.1') === cut), other.ear.until(() => other.ear.count('lost 1.0') === cut)]);
    const lostAt = other.ear.texts.length;
    await other.ear.until(() => other.ear.texts.length > lostAt);
    firstAfterLoss.push(Number((other.ear.texts[lostAt] as string).slice(1, -1)) - sentBefore);
  }
  stop = true;
  const numbers = other.ear.texts.map((text) => Number(text.slice(1, -1)));
  t.same(
    numbers,
    [...new Set(numbers)].sort((a, b) => a - b),
    'each at most once, in order',
  );
  t.ok(
    firstAfterLoss.every((distance) => distance >= 0),
    'what was sent before the cut does not come after the loss',
  );
  t.same([one.ear.count('lost 1.1'), other.ear.count('lost 1.0')], [5, 5]);
  t.ok(one.log.has(/^warn link\.lost peer=1\.1 launch=1 reason=closed with 1006/));
  await close(one, other);
  await proxy.close();
});

t.test('a peer that neither answers nor hangs up is given up after the time of silence, and found again when it answers', async (t) => {
  const { one, other, proxy } = await proxiedPair({ silenceMs: 200 });
  await proxy.freeze();
  await Promise.all([one.ear.until(() => one.ear.count('lost 1.1') === 1), other.ear.until(() => other.ear.count('lost 1.0') === 1)]);
  t.ok(one.log.has(/reason=silent for too long/) || other.log.has(/reason=silent for too long/));
  one.transport.send('1.1', batchOf('["while it was away"]'));
  await proxy.resume();
  await other.ear.until(() => other.ear.texts.length === 1);
  t.same(other.ear.texts, ['["while it was away"]']);
  await close(one, other);
  await proxy.close();
});

t.test('links that are idle stay, however short the silence that they are allowed', async (t) => {
  const [one, other] = await pairOf({ silenceMs: 40 });
  let pulses = 0;
  const timer = setInterval(() => {
    pulses++;
    one.ear.stir();
  }, 40);
  await one.ear.until(() => pulses === 10);
  clearInterval(timer);
  t.same([one.ear.count('lost 1.1'), other.ear.count('lost 1.0')], [0, 0]);
  await close(one, other);
});

t.test('a later launch of a peer takes its place; the earlier one is refused when it comes back', async (t) => {
  const [one, first] = await pairOf();
  const second = await startWorker('1.1', { launch: 2 });
  introduce(second, one);
  await one.ear.until(() => one.ear.count('lost 1.1') === 1);
  await first.ear.until(() => first.log.has(/warn link\.failed .*code=PB_LINK_REFUSED .*the reason given is superseded/));
  introduce(one, second);
  one.transport.send('1.1', batchOf('["for the second"]'));
  second.transport.send('1.0', batchOf('["from the second"]'));
  first.transport.send('1.0', batchOf('["from the first"]'));
  await Promise.all([second.ear.until(() => second.ear.texts.length === 1), one.ear.until(() => one.ear.texts.length === 1)]);
  t.same([one.ear.texts, first.ear.texts, second.ear.texts], [['["from the second"]'], [], ['["for the second"]']]);
  t.ok(one.log.has(/^info link\.refused refusal=superseded .*peer=1\.1 launch=1/));
  await close(one, first, second);
});

t.test('what waits for a launch that is gone is dropped; what is sent after that goes to the next', async (t) => {
  const { one, other, proxy } = await proxiedPair();
  await proxy.cut();
  await one.ear.until(() => one.ear.count('lost 1.1') === 1);
  one.transport.send('1.1', batchOf('["for the first"]'));
  const second = await startWorker('1.1', { launch: 2 });
  introduce(second, one);
  await one.ear.until(() => one.ear.count('lost 1.1') === 2);
  one.transport.send('1.1', batchOf('["for the second"]'));
  await second.ear.until(() => second.ear.texts.length > 0);
  t.same(second.ear.texts, ['["for the second"]']);
  await close(one, other, second);
  await proxy.close();
});

t.test('frames of a generation that is not known yet are held, within a bound, and delivered when it is', async (t) => {
  const [old, next] = await Promise.all([startWorker('1.0'), startWorker('2.1')]);
  introduce(old, { name: '1.1', address: next.address });
  introduce(next, old);
  const texts = Array.from({ length: 40 }, (_, index) => `[${index},${MEGABYTE}]`);
  for (const text of texts) {
    next.transport.send('1.0', batchOf(text));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await next.ear.until(() => next.ear.said.at(-1) === 'congested 1.0' && next.ear.count('free 1.0') > 0);
  t.same(old.ear.said, ['congested 1.1'], 'nothing was heard meanwhile');
  t.ok(LINK_HELD_BYTES_MAX < MEGABYTE.length * 2);
  introduce(old, next);
  await old.ear.until(() => old.ear.texts.length === 40);
  t.ok(
    old.ear.texts.every((text, index) => text === texts[index]),
    'all of them, in order',
  );
  t.equal(old.ear.count('lost 2.1') + next.ear.count('lost 1.0'), 0);
  await close(old, next);
});

t.test('a receiver that the sender does not know yet gets nothing until it does', async (t) => {
  const [old, next] = await Promise.all([startWorker('1.0'), startWorker('2.1')]);
  introduce(old);
  introduce(next, old);
  old.transport.send('2.1', batchOf('["too early"]'));
  await old.ear.until(() => old.log.has(/^info link\.held peer=2\.1 launch=1 direction=out/));
  introduce(old, next);
  old.transport.send('2.1', batchOf('["now"]'));
  await next.ear.until(() => next.ear.texts.length > 0);
  t.same(next.ear.texts, ['["now"]']);
  await close(old, next);
});

t.test('a worker that the assignment names no more is cut off and refused, without a word to its former peer', async (t) => {
  const [one, other] = await pairOf();
  introduce(one);
  await other.ear.until(() => other.ear.count('lost 1.0') === 1 && other.log.has(/the reason given is no-peer/));
  one.transport.send('1.1', batchOf('["no"]'));
  other.transport.send('1.0', batchOf('["no"]'));
  t.same([one.ear.said.filter((each) => each.startsWith('lost')), one.ear.texts, other.ear.texts], [[], [], []]);
  await close(one, other);
});

t.test('peers that stay keep their links when others come and go', async (t) => {
  const [one, other] = await pairOf();
  const third = await startWorker('2.0');
  for (const peers of [[other, third], [other], [other, third]]) introduce(one, ...peers);
  introduce(third, one);
  third.transport.send('1.0', batchOf('["from the third"]'));
  other.transport.send('1.0', batchOf('["from the other"]'));
  await one.ear.until(() => one.ear.texts.length === 2);
  t.same([one.ear.count('lost 1.1'), other.ear.count('lost 1.0')], [0, 0]);
  await close(one, other, third);
});

t.test('many small batches of one turn share frames once LINK_FRAMES_UNWRITTEN_MAX are on their way', async (t) => {
  const [one, other] = await pairOf();
  for (let i = 0; i < 1000; i++) one.transport.send('1.1', batchOf(`[${i}]`));
  await other.ear.until(() => other.ear.texts.length === 1000);
  t.equal(other.ear.batches.length, LINK_FRAMES_UNWRITTEN_MAX + 1);
  t.same(
    other.ear.texts,
    Array.from({ length: 1000 }, (_, i) => `[${i}]`),
  );
  await close(one, other);
});

t.test('a flood leaves turns to others: not much more than LINK_TURN_BYTES are taken in one', async (t) => {
  const [one, other] = await pairOf();
  const text = `["${'x'.repeat(64 * 1024)}"]`;
  const perTurn: number[] = [];
  let before = 0;
  while (other.ear.texts.length < 80) {
    if (perTurn.length < 10) for (let i = 0; i < 8; i++) one.transport.send('1.1', batchOf(text));
    await new Promise((resolve) => setImmediate(resolve));
    perTurn.push((other.ear.texts.length - before) * text.length);
    before = other.ear.texts.length;
  }
  t.ok(Math.max(...perTurn) <= LINK_TURN_BYTES + 2 * text.length, `${Math.max(...perTurn)} bytes in a turn`);
  await close(one, other);
});

t.test('a flood for a receiver that does not read is congestion at LINK_QUEUE_BYTES_MAX, and over when it has been read', async (t) => {
  const { one, other, proxy } = await proxiedPair();
  await proxy.freeze();
  let sent = 0;
  while (one.ear.said.at(-1) !== 'congested 1.1') {
    one.transport.send('1.1', batchOf(MEGABYTE));
    sent++;
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.ok(sent * MEGABYTE.length > LINK_QUEUE_BYTES_MAX, `after ${sent} megabytes`);
  t.ok(sent * MEGABYTE.length < LINK_HARD_FACTOR * LINK_QUEUE_BYTES_MAX, 'the rest is in buffers of sockets and of the proxy');
  await proxy.resume();
  await one.ear.until(() => one.ear.said.at(-1) === 'free 1.1');
  await other.ear.until(() => other.ear.texts.length === sent);
  t.equal(one.ear.count('lost 1.1'), 0);
  await close(one, other);
  await proxy.close();
});

t.test('a peer for which LINK_HARD_FACTOR times as much waits is given up for lost, and what waited is gone', async (t) => {
  const one = await startWorker('1.0');
  const absent = { name: '1.1', address: { host: '', port: 0 } };
  introduce(one, absent);
  const atOnce = Math.ceil((LINK_HARD_FACTOR * LINK_QUEUE_BYTES_MAX) / MEGABYTE.length) + 1;
  for (let i = 0; i < atOnce; i++) one.transport.send('1.1', batchOf(MEGABYTE));
  t.same(one.ear.said, ['congested 1.1'], 'not in the middle of sending');
  await one.ear.until(() => one.ear.count('lost 1.1') === 1);
  one.transport.send('1.1', batchOf('["after"]'));
  const other = await startWorker('1.1');
  introduce(one, other);
  introduce(other, one);
  await other.ear.until(() => other.ear.texts.length > 0);
  t.same(other.ear.texts, ['["after"]']);
  await close(one, other);
});
