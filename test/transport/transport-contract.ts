/** What every transport does, run over each of them. Invariant: a test sends before it knows whether the other end is there, as workers do. */
import type { Test } from 'tap';
import type { Transport, TransportEvents } from '../../src/transport/transport.js';
import { batchOf, Ear } from './workers.js';

/** Workers of one kind of transport. */
export interface Network {
  join(worker: string, events: TransportEvents): Promise<Transport>;
  /** Tells each that has joined of all others. */
  introduce(): void;
  close(): Promise<void>;
}

export function transportContract(t: Test, kind: string, start: () => Network): void {
  const join = async (network: Network, worker: string): Promise<readonly [Transport, Ear]> => {
    const ear = new Ear();
    return [await network.join(worker, ear), ear];
  };
  const numbers = (from: number, count: number): string[] => Array.from({ length: count }, (_, index) => `[${from + index}]`);

  t.test(`${kind}: what one worker sends another arrives once and in order, both ways at a time`, async (t) => {
    const network = start();
    const [one, atOne] = await join(network, '1.0');
    const [other, atOther] = await join(network, '1.1');
    network.introduce();
    for (let i = 0; i < 100; i++) {
      one.send('1.1', batchOf(...numbers(10 * i, 10)));
      other.send('1.0', batchOf(`[${i}]`));
    }
    await Promise.all([atOther.until(() => atOther.texts.length >= 1000), atOne.until(() => atOne.texts.length >= 100)]);
    t.same(atOther.texts, numbers(0, 1000));
    t.same(atOne.texts, numbers(0, 100));
    t.ok(atOther.batches.every(({ from }) => from === '1.0'));
    await network.close();
  });

  t.test(`${kind}: tuples keep their tasks, sources and roots, and records arrive with them`, async (t) => {
    const network = start();
    const [one] = await join(network, '1.0');
    const [, atOther] = await join(network, '1.1');
    network.introduce();
    const batch = batchOf('["a",1.0]', '["b"]');
    const [first] = batch.tuples;
    if (first !== undefined)
      Object.assign(first, { rootCount: 2, rootHigh: -5, rootLow: 6, edgeHigh: 7, edgeLow: -8, moreRoots: [1, 2, 3, 4] });
    batch.roots.push(0, 1, -2, 3, -4, 4, 5, 6, 7, 8);
    batch.congestion.push(9, -10);
    one.send('1.1', batch);
    await atOther.until(() => atOther.texts.length === 2);
    const all = atOther.batches.map((each) => each.batch);
    t.same(
      all.flatMap(({ tasks }) => tasks),
      [7, 7],
    );
    t.same(
      all.flatMap(({ roots }) => roots),
      [0, 1, -2, 3, -4, 4, 5, 6, 7, 8],
    );
    t.same(
      all.flatMap(({ congestion }) => congestion),
      [9, -10],
    );
    const [tuple, plain] = all.flatMap(({ tuples }) => tuples);
    t.match(tuple, { rootCount: 2, rootHigh: -5, rootLow: 6, edgeHigh: 7, edgeLow: -8, moreRoots: [1, 2, 3, 4] });
    t.match(plain, { rootCount: 0, moreRoots: undefined });
    t.match(tuple?.source, { component: 'words', stream: 'default', task: 3, fields: ['word'] });
    t.equal(tuple?.source.head, '","comp":"words","stream":"default","task":3,"tuple":');
    await network.close();
  });

  t.test(`${kind}: a batch for a worker that is no peer is dropped, and one that has left hears nothing more`, async (t) => {
    const network = start();
    const [one] = await join(network, '1.0');
    const [other, atOther] = await join(network, '1.1');
    const [, atThird] = await join(network, '1.2');
    network.introduce();
    one.send('1.9', batchOf('["nobody"]'));
    one.send('1.1', batchOf('["before"]'));
    await atOther.until(() => atOther.texts.length === 1);
    other.close();
    one.send('1.1', batchOf('["after"]'));
    one.send('1.2', batchOf('["to another"]'));
    await atThird.until(() => atThird.texts.length === 1);
    t.same(atOther.texts, ['["before"]']);
    await network.close();
  });
}
