import t from 'tap';
import { EdgeIds } from '../../src/acking/edge-ids.js';
import { IdRing } from '../../src/acking/id-ring.js';
import { SpoutPending } from '../../src/acking/spout-pending.js';
import { xorshift } from '../random.js';

const SEED = 20_260_406;

t.test('a ring gives running numbers, and gives back what was put under them', async (t) => {
  const ring = new IdRing<{ name: string }>();
  t.same([ring.add({ name: 'a' }), ring.add({ name: 'b' }), ring.add({ name: 'c' })], [1, 2, 3]);
  t.same([ring.size, ring.last], [3, 3]);
  t.same(ring.get(2), { name: 'b' });
  t.same(ring.remove(2), { name: 'b' });
  t.same([ring.get(2), ring.remove(2), ring.size], [undefined, undefined, 2]);
  t.equal(ring.add({ name: 'd' }), 4);
});

t.test('ids that were never given find nothing, also those that fall into a slot in use', async (t) => {
  const ring = new IdRing<object>();
  for (let i = 0; i < 100; i++) ring.add({});
  const strangers = [
    0,
    -1,
    -256,
    101,
    255,
    256,
    257,
    256 + 50,
    2 ** 31 + 50,
    2 ** 32 + 50,
    2 ** 40 + 1,
    0.5,
    50.5,
    Number.NaN,
    Number.MAX_SAFE_INTEGER,
  ];
  t.same(
    strangers.map((id) => [ring.get(id), ring.remove(id)]),
    strangers.map(() => [undefined, undefined]),
  );
  t.equal(ring.size, 100);
});

t.test('an entry that stays for ever costs one slot: its number is passed over and nobody else gets it', async (t) => {
  const ring = new IdRing<{ n: number }>();
  const stuck = ring.add({ n: -1 });
  const wrong: number[] = [];
  for (let n = 0; n < 10_000; n++) {
    const id = ring.add({ n });
    if (id % 256 === stuck || ring.remove(id)?.n !== n) wrong.push(n);
  }
  t.same([wrong, ring.get(stuck), ring.size], [[], { n: -1 }, 1]);
  t.equal(ring.last, 10_040, 'one number in 256 was passed over');
});

t.test('a ring that is half full grows, and everything is found under its old number', async (t) => {
  const ring = new IdRing<{ n: number }>();
  const ids = Array.from({ length: 5000 }, (_, n) => ring.add({ n }));
  t.same(
    ids,
    Array.from({ length: 5000 }, (_, n) => n + 1),
  );
  t.same(
    ids.map((id) => ring.get(id)?.n),
    Array.from({ length: 5000 }, (_, n) => n),
  );
});

t.test('numbers wrap around at 2^31 without 0 and without meeting an entry that is still there', async (t) => {
  const ring = new IdRing<object>(0x7ffffffd);
  t.same([ring.add({}), ring.add({}), ring.add({}), ring.add({})], [0x7ffffffe, 0x7fffffff, 1, 2]);
  t.equal(ring.size, 4);
  const started = new IdRing<object>(-1);
  t.equal(started.last, 0x7fffffff);
  t.equal(started.add({}), 1);
});

t.test('forEach reaches every entry once and may remove each', async (t) => {
  const ring = new IdRing<{ n: number }>();
  for (let n = 0; n < 600; n++) ring.add({ n });
  for (let id = 1; id <= 600; id += 2) ring.remove(id);
  const seen: number[] = [];
  ring.forEach(({ n }, id) => {
    seen.push(n);
    t.equal(ring.remove(id)?.n, n);
  });
  t.same(
    seen.sort((a, b) => a - b),
    Array.from({ length: 300 }, (_, i) => 2 * i + 1),
  );
  t.equal(ring.size, 0);
});

t.test('any sequence of adds, gets and removes gives what a map gives', async (t) => {
  const random = xorshift(SEED);
  const ring = new IdRing<{ n: number }>(random(2 ** 31));
  const map = new Map<number, { n: number }>();
  const given: number[] = [];
  let wrong = 0;
  for (let n = 0; n < 50_000; n++) {
    if (random(100) < 51) {
      const entry = { n };
      const id = ring.add(entry);
      if (map.has(id) || id <= 0 || id > 0x7fffffff) wrong++;
      map.set(id, entry);
      given.push(id);
    } else {
      // Mostly recent ids, sometimes very old ones.
      const id = given[random(10) === 0 ? random(given.length) : Math.max(0, given.length - 1 - random(400))] ?? 5;
      if (ring.get(id) !== map.get(id) || ring.remove(id) !== map.get(id)) wrong++;
      map.delete(id);
    }
    if (ring.size !== map.size) wrong++;
  }
  t.equal(wrong, 0, `seed ${SEED}`);
});

/** The message ids that a rotation hands over. */
function expired(pending: SpoutPending): unknown[] {
  const ids: unknown[] = [];
  pending.rotate(({ messageId }) => ids.push(messageId));
  return ids;
}

t.test('ML-SP-12: a root times out at the second rotation after its emit, so after one to two timeouts', async (t) => {
  const pending = new SpoutPending(0);
  pending.add('just after a rotation', 0);
  t.same(expired(pending), []);
  pending.add('just before the next', 29_999);
  t.same(expired(pending), ['just after a rotation']);
  t.equal(pending.size, 1);
  t.same(expired(pending), ['just before the next']);
  t.same(expired(pending), []);
});

t.test('ML-SP-09: a root leaves once: a verdict after its timeout finds nothing, nor a second verdict', async (t) => {
  const pending = new SpoutPending(0);
  const [first, second] = [pending.add('"a"', 5), pending.add('"b"', 6)];
  t.match(pending.remove(first), { messageId: '"a"', emittedAtMs: 5 });
  t.equal(pending.remove(first), undefined);
  expired(pending);
  t.same(expired(pending), ['"b"']);
  t.equal(pending.remove(second), undefined);
  t.equal(pending.size, 0);
});

t.test('ML-SP-09: two emits under one message id are two roots', async (t) => {
  const pending = new SpoutPending(0);
  const [first, second] = [pending.add('7', 0), pending.add('7', 1)];
  t.not(first, second);
  t.same([pending.remove(second)?.emittedAtMs, pending.remove(first)?.emittedAtMs], [1, 0]);
});

t.test('a spout may emit its replay from within the timeout, and the replay has a timeout of its own', async (t) => {
  const pending = new SpoutPending(12_345);
  for (let n = 0; n < 1000; n++) pending.add(n, 0);
  expired(pending);
  let replayed = 0;
  pending.rotate(({ messageId }) => {
    pending.add(`again ${String(messageId)}`, 60_000);
    replayed++;
  });
  t.same([replayed, pending.size], [1000, 1000]);
  t.same(expired(pending), []);
  t.equal(expired(pending).length, 1000);
});

t.test('ML-LC-12: the end of an incarnation hands over everything as abandoned', async (t) => {
  const pending = new SpoutPending(3);
  for (const id of ['a', 'b', 'c']) pending.add(id, 0);
  const abandoned: unknown[] = [];
  pending.clear(({ messageId }) => abandoned.push(messageId));
  t.same([abandoned.sort(), pending.size], [['a', 'b', 'c'], 0]);
});

t.test('root ids start where they are told to, so that another life of the task has others', async (t) => {
  t.equal(new SpoutPending(1000).add('a', 0), 1001);
  t.equal(new SpoutPending(0x7fffffff).add('a', 0), 1);
});

t.test('an edge id is never zero, although a half of it may be', async (t) => {
  const pairs = [
    [0, 0],
    [0, 5],
    [0, 0],
    [0, 0],
    [6, 0],
    [-1, -2],
  ] as const;
  const ids = new EdgeIds((pool) => {
    pool.fill(0);
    pool.set(pairs.flat());
  });
  const drawn: number[][] = [];
  for (let i = 0; i < 3; i++) {
    ids.draw();
    drawn.push([ids.high, ids.low]);
  }
  t.same(drawn, [
    [0, 5],
    [6, 0],
    [-1, -2],
  ]);
});

t.test('the pool of edge ids is filled once for 8,192 ids, and no id is used twice', async (t) => {
  let fills = 0;
  const ids = new EdgeIds((pool) => {
    fills++;
    for (let i = 0; i < pool.length; i += 2) {
      pool[i] = fills;
      pool[i + 1] = i;
    }
  });
  const drawn = new Set<string>();
  for (let i = 0; i < 8192; i++) {
    ids.draw();
    drawn.add(`${ids.high}:${ids.low}`);
  }
  t.same([fills, drawn.size], [1, 8192]);
  ids.draw();
  t.same([fills, ids.high, ids.low], [2, 2, 0]);
});

t.test('a pool that ends in zeros is filled again before an id is handed out', async (t) => {
  let fills = 0;
  const ids = new EdgeIds((pool) => pool.fill(fills++ === 0 ? 0 : 7));
  ids.draw();
  t.same([fills, ids.high, ids.low], [2, 7, 7]);
});
