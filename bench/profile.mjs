// Where a CPU profile's time went: the functions with the most time of their own. Usage: node bench/profile.mjs FILE.cpuprofile [ROWS]
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** @returns lines `share  ms  function (file:line)`, most time first; idle time is not counted */
export function topSelfTimes(file, rows = 30) {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8'));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const selfMicros = new Map();
  let totalMicros = 0;
  samples.forEach((id, index) => {
    const { functionName, url, lineNumber } = byId.get(id).callFrame;
    if (functionName === '(idle)') return;
    const where = url === '' ? '' : ` (${url.split('/').slice(-2).join('/')}:${lineNumber + 1})`;
    const name = `${functionName || '(anonymous)'}${where}`;
    const micros = timeDeltas[index];
    totalMicros += micros;
    selfMicros.set(name, (selfMicros.get(name) ?? 0) + micros);
  });
  const sorted = [...selfMicros].sort((one, other) => other[1] - one[1]).slice(0, rows);
  return sorted.map(
    ([name, micros]) => `${((100 * micros) / totalMicros).toFixed(1).padStart(5)} % ${(micros / 1000).toFixed(0).padStart(7)} ms  ${name}`,
  );
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(topSelfTimes(process.argv[2], Number(process.argv[3] ?? 30)).join('\n'));
}
