// `npm run bench [-- NAME…]`: makes the checkout ready and runs the benchmarks. Invariant: `--profile` changes nothing but that V8 takes notes; figures of such a
// run are a little lower.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { topSelfTimes } from '../bench/profile.mjs';
import { build, installPackages, root } from './setup.mjs';

const args = process.argv.slice(2).filter((arg) => arg !== '--profile');
installPackages();
build();
process.exitCode = process.argv.includes('--profile') ? profiled(args) : bench([], args);

function bench(flags, benchArgs) {
  return spawnSync(process.execPath, [...flags, join(root, 'dist', 'bench', 'main.js'), ...benchArgs], { stdio: 'inherit' }).status ?? 1;
}

function profiled(benchArgs) {
  const directory = mkdtempSync(join(tmpdir(), 'polybolt-profile-'));
  try {
    const status = bench(['--cpu-prof', '--cpu-prof-dir', directory], [...benchArgs, '--profile-dir', directory]);
    const files = readdirSync(directory).map((name) => join(directory, name));
    // The process that did most has the largest profile.
    const largest = files.sort((one, other) => statSync(other).size - statSync(one).size)[0];
    if (largest !== undefined) console.log(`\n${topSelfTimes(largest).join('\n')}`);
    return status;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
