// `npm run soak:slow-bolt`: a bolt that is 100 times slower than its spout, with pending unset. Invariant: backpressure alone keeps memory flat and lets no
// root time out. Prints the figures with their limits; exit code 1 if one of them is passed.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build, root } from './setup.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    // Tuples a second that the spout emits, as long as it may; the bolt takes 100 times as long for each.
    rate: { type: 'string', default: '2000' },
    'message-timeout': { type: 'string', default: '30' },
    // The growth of a short run says nothing: interpreters and heaps are still warming up.
    'growth-max': { type: 'string', default: '1.1' },
    'skip-build': { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const rate = Number(values.rate);
const GROWTH_MAX = Number(values['growth-max']);
const RSS_MAX_MB = 300;
const SAMPLE_MS = 250;

if (!values['skip-build']) build();
const { LocalCluster, shell, TopologyBuilder } = await import(join(root, 'dist', 'src', 'index.js'));

const builder = new TopologyBuilder('slow-bolt').config({
  'topology.message.timeout.secs': Number(values['message-timeout']),
  'supervisor.worker.shutdown.sleep.secs': 1,
});
const environment = { PYTHONDONTWRITEBYTECODE: '1', RATE: String(rate), SLOW_MS: String((1000 * 100) / rate) };
builder.setSpout('fast', shell(['python3', 'steady_spout.py'], { outputs: ['text'], environment }));
builder.setBolt('slow', shell(['python3', 'slow.py'], { environment })).shuffleGrouping('fast');
const topology = builder.build({ resources: join(root, 'test', 'fixtures', 'children') });

const errors = [];
const cluster = await LocalCluster.start({ onError: (_component, error) => errors.push(error), onFatal: (error) => errors.push(error) });
await cluster.submit(topology);
const samples = [];
const startedAtMs = performance.now();
await new Promise((resolve) => {
  const timer = setInterval(() => {
    const atMs = performance.now() - startedAtMs;
    samples.push({ atMs, rssMb: process.memoryUsage.rss() / 2 ** 20 });
    if (atMs < 1000 * seconds) return;
    clearInterval(timer);
    resolve();
  }, SAMPLE_MS);
});
const { roots, components } = cluster.summary('slow-bolt');
await cluster.killNow();

// The last third of the time against the third before: 20 seconds each of a minute.
const thirdMs = (1000 * seconds) / 3;
const mean = (from, to) => {
  const part = samples.filter(({ atMs }) => atMs >= from && atMs < to);
  return part.reduce((sum, { rssMb }) => sum + rssMb, 0) / part.length;
};
const [before, last] = [mean(thirdMs, 2 * thirdMs), mean(2 * thirdMs, Number.POSITIVE_INFINITY)];
const peak = Math.max(...samples.map(({ rssMb }) => rssMb));
const { completeLatencyMs } = components.find(({ kind }) => kind === 'spout');
const checks = [
  ['resident memory, third before the last', `${before.toFixed(1)} MB`, '', true],
  ['resident memory, last third', `${last.toFixed(1)} MB`, '', true],
  ['growth', (last / before).toFixed(3), `<= ${GROWTH_MAX}`, last / before <= GROWTH_MAX],
  ['resident memory, peak', `${peak.toFixed(1)} MB`, `< ${RSS_MAX_MB} MB`, peak < RSS_MAX_MB],
  ['roots emitted', roots.emitted, '', true],
  ['roots acked', roots.acked, '> 0', roots.acked > 0],
  ['roots pending at the end', roots.pending, '', true],
  ['roots failed by timeout', roots.timedOut, '0', roots.timedOut === 0],
  ['errors', errors.length, '0', errors.length === 0],
  ['complete latency p99', `${completeLatencyMs.p99} ms`, '', true],
];
for (const [name, figure, limit, isGood] of checks)
  console.log(`${isGood ? 'ok  ' : 'OVER'} ${name.padEnd(40)} ${String(figure).padStart(12)} ${limit}`);
for (const error of errors.slice(0, 5)) console.log(error.code, error.message);
process.exit(checks.every(([, , , isGood]) => isGood) ? 0 : 1);
