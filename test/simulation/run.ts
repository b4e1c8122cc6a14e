/**
 * Runs the simulation over many seeds: `node dist/test/simulation/run.js [--seeds 1000] [--from 1] [--seed N]`. Invariant: the first seed that fails is printed with its whole
 * trace, and the exit status is 1.
 */
import { parseArgs } from 'node:util';
import { simulate } from './simulate.js';

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '1000' }, from: { type: 'string', default: '1' }, seed: { type: 'string' } },
});
const from = Number(values.seed ?? values.from);
const count = values.seed === undefined ? Number(values.seeds) : 1;
const startedAtMs = performance.now();
let [events, writes, frames, refused] = [0, 0, 0, 0];
for (let seed = from; seed < from + count; seed++) {
  const result = await simulate({ seed });
  events += result.events;
  writes += result.writes;
  frames += result.frames;
  refused += result.refused;
  if (result.violations.length === 0 && values.seed === undefined) continue;
  const { trace, violations } = await simulate({ seed, isTraced: true });
  process.stdout.write(`${trace.join('\n')}\nseed ${seed}: ${violations.join('\n') || 'everything held'}\n`);
  process.exit(violations.length === 0 ? 0 : 1);
}
const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
console.log(
  `${count} seeds held in ${seconds} s: ${events} events, ${writes} writes of topologies, ${frames} frames accepted, ${refused} refused`,
);
