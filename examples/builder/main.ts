// Runs the topology of squares.ts in this process until it has nothing left to do, and checks what came out.
import { join } from 'node:path';
import { LocalCluster } from 'polybolt';
import { buildSquares } from './squares.js';

const LAST = 1000;

let sum = 0;
const topology = buildSquares(join(process.cwd(), 'examples', 'builder'), LAST, (newest) => {
  sum = newest;
});
const cluster = await LocalCluster.start({ onError: (_component, error) => console.error(error.message) });
await cluster.submit(topology);
await cluster.untilIdle('squares', 500);
const { roots } = cluster.summary('squares');
await cluster.shutdown();

const expected = (LAST * (LAST + 1) * (2 * LAST + 1)) / 6;
console.log(`1² + 2² + … + ${LAST}² = ${sum}, ${roots.acked} of ${roots.emitted} roots acked`);
process.exitCode = sum === expected && roots.acked === LAST ? 0 : 1;
