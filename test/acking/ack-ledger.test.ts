import t from 'tap';
import { AckLedger } from '../../src/acking/ack-ledger.js';
import { xorshift } from '../random.js';

const SEED = 20_260_405;

function ledger(): { ledger: AckLedger; verdicts: string[] } {
  const verdicts: string[] = [];
  return {
    verdicts,
    ledger: new AckLedger({
      completed: (high, low) => verdicts.push(`ack ${high}:${low}`),
      failed: (high, low) => verdicts.push(`fail ${high}:${low}`),
    }),
  };
}

t.test('a root is complete when every id has come twice', async (t) => {
  const { ledger: acker, verdicts } = ledger();
  acker.init(9, 1, 0x55, 0x66);
  acker.ack(9, 1, 0x55 ^ 7, 0x66 ^ 8);
  t.same([verdicts, acker.size], [[], 1]);
  acker.ack(9, 1, 7, 8);
  t.same([verdicts, acker.size], [['ack 9:1'], 0]);
});

t.test('both halves of an id count', async (t) => {
  const { ledger: acker, verdicts } = ledger();
  acker.init(9, 1, 5, 6);
  acker.ack(9, 1, 5, 0);
  t.same(verdicts, []);
  acker.ack(9, 1, 0, 6);
  t.same(verdicts, ['ack 9:1']);
});

t.test('ids of all 64 bits, negative halves among them, cancel out', async (t) => {
  const { ledger: acker, verdicts } = ledger();
  acker.init(-1, -2147483648, -2147483648, -1);
  acker.ack(-1, -2147483648, -2147483648, -1);
  t.same(verdicts, ['ack -1:-2147483648']);
});

t.test('a root without targets is complete at its init', async (t) => {
  const { ledger: acker, verdicts } = ledger();
  acker.init(9, 1, 0, 0);
  t.same([verdicts, acker.size], [['ack 9:1'], 0]);
});

t.test('an ack may come before the init, and even bring the value to zero without a verdict', async (t) => {
  const { ledger: acker, verdicts } = ledger();
  acker.ack(9, 1, 5, 6);
  acker.ack(9, 1, 5, 6);
  t.same([verdicts, acker.size], [[], 1]);
  acker.ack(9, 1, 3, 4);
  acker.init(9, 1, 3, 4);
  t.same([verdicts, acker.size], [['ack 9:1'], 0]);
});

t.test('a fail may come before the init, which then brings the verdict', async (t) => {
  const { ledger: acker, verdicts } = ledger();
  acker.fail(9, 1);
  t.same(verdicts, []);
  acker.init(9, 1, 5, 6);
  t.same([verdicts, acker.size], [['fail 9:1'], 0]);
});

t.test('a fail ends its root at once, and what comes late for it brings no second verdict', async (t) => {
  const { ledger: acker, verdicts } = ledger();
  acker.init(9, 1, 5, 6);
  acker.init(9, 2, 7, 8);
  acker.fail(9, 1);
  acker.ack(9, 1, 5, 6);
  acker.fail(9, 1);
  t.same([verdicts, acker.size], [['fail 9:1'], 2]);
  for (let i = 0; i < 3; i++) acker.rotate();
  t.same([verdicts, acker.size], [['fail 9:1'], 0]);
});

t.test('roots are told apart by either half of their id', async (t) => {
  const { ledger: acker, verdicts } = ledger();
  for (const [high, low] of [
    [1, 1],
    [1, 2],
    [2, 1],
    [2, 2],
  ] as const)
    acker.init(high, low, high, low + 10);
  acker.ack(2, 1, 2, 11);
  t.same([verdicts, acker.size], [['ack 2:1'], 3]);
});

t.test('an entry that nobody touches vanishes silently at the third rotation', async (t) => {
  const { ledger: acker, verdicts } = ledger();
  acker.init(9, 1, 5, 6);
  acker.rotate();
  acker.rotate();
  t.equal(acker.size, 1);
  acker.rotate();
  t.same([verdicts, acker.size], [[], 0]);
});

t.test('an ack keeps its entry for three more rotations', async (t) => {
  const { ledger: acker, verdicts } = ledger();
  acker.init(9, 1, 5, 6);
  for (let i = 0; i < 10; i++) {
    acker.rotate();
    acker.rotate();
    acker.ack(9, 1, 1, 1);
  }
  acker.ack(9, 1, 5, 6);
  t.same([verdicts, acker.size], [['ack 9:1'], 0]);
});

t.test('a verdict may start the next root of the same ledger', async (t) => {
  const verdicts: number[] = [];
  const acker: AckLedger = new AckLedger({
    completed: (high, low) => {
      verdicts.push(low);
      for (let next = 1; low < 3000 && next <= 2; next++) acker.init(high, low * 2 + next, 1, 0);
    },
    failed: () => {},
  });
  acker.init(9, 0, 0, 0);
  for (let low = 1; low < 3000; low++) acker.ack(9, low, 1, 0);
  t.equal(verdicts.length, 3000);
  t.equal(new Set(verdicts).size, 3000);
});

/** What the ledger is meant to be, with nothing clever in it. */
class NaiveLedger {
  readonly verdicts: string[] = [];
  #buckets: Map<string, { xor: bigint; started: boolean; failed: boolean }>[] = [new Map(), new Map(), new Map()];

  get size(): number {
    return this.#buckets.reduce((size, bucket) => size + bucket.size, 0);
  }

  apply(kind: 'init' | 'ack' | 'fail', high: number, low: number, xorHigh: number, xorLow: number): void {
    const key = `${high}:${low}`;
    const entry = this.#buckets.find((bucket) => bucket.has(key))?.get(key) ?? { xor: 0n, started: false, failed: false };
    for (const bucket of this.#buckets) bucket.delete(key);
    if (kind === 'fail') entry.failed = true;
    else entry.xor ^= (BigInt.asUintN(32, BigInt(xorHigh)) << 32n) | BigInt.asUintN(32, BigInt(xorLow));
    if (kind === 'init') entry.started = true;
    if (entry.started && entry.failed) this.verdicts.push(`fail ${key}`);
    else if (entry.started && entry.xor === 0n) this.verdicts.push(`ack ${key}`);
    else this.#buckets[0]?.set(key, entry);
  }

  rotate(): void {
    this.#buckets = [new Map(), ...this.#buckets.slice(0, 2)];
  }
}

t.test('any sequence of inits, acks, fails and rotations gives what a ledger of BigInts and maps gives', async (t) => {
  const random = xorshift(SEED);
  for (let round = 0; round < 12; round++) {
    const { ledger: acker, verdicts } = ledger();
    const naive = new NaiveLedger();
    // Few roots meet often; many make the table grow and its clusters wrap around.
    const roots = [3, 40, 900, 6000][round % 4] as number;
    let sizeMax = 0;
    for (let step = 0; step < 20_000; step++) {
      const [high, low, xorHigh, xorLow] = [random(3) - 1, random(roots) * 65_537, random(3) - 1, random(2) * -2147483648];
      const kind = (['init', 'ack', 'ack', 'ack', 'fail'] as const)[random(5)] ?? 'ack';
      if (random(roots * 2) === 0) {
        acker.rotate();
        naive.rotate();
      }
      if (kind === 'fail') acker.fail(high, low);
      else acker[kind](high, low, xorHigh, xorLow);
      naive.apply(kind, high, low, xorHigh, xorLow);
      sizeMax = Math.max(sizeMax, acker.size);
      if (acker.size !== naive.size) t.equal(acker.size, naive.size, `seed ${SEED}, round ${round}, step ${step}`);
    }
    t.strictSame(verdicts, naive.verdicts, `${roots} roots, up to ${sizeMax} at a time, ${verdicts.length} verdicts; seed ${SEED}`);
  }
});

t.test('a hundred thousand roots are kept apart while the table grows, and all complete', async (t) => {
  const { ledger: acker, verdicts } = ledger();
  const roots = 100_000;
  for (let low = 1; low <= roots; low++) acker.init((low % 7) << 16, low, low, ~low);
  t.equal(acker.size, roots);
  acker.rotate();
  for (let low = roots; low >= 1; low--) acker.ack((low % 7) << 16, low, low, ~low);
  t.same([verdicts.length, new Set(verdicts).size, acker.size], [roots, roots, 0]);
});
