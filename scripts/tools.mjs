// The system tools that the tests need: which are there, and how to get the others. Invariant: installs only on Debian as root, and says so; elsewhere it
// only names what is missing.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { needsMaven } from './foreign-libraries.mjs';
import { hasZooKeeperClient } from './setup.mjs';

/** Name, Debian package, and how to tell that it is there. Tests ask for a tool by its name in POLYBOLT_TEST_TOOLS. */
export const TOOLS = [
  { name: 'python3', packages: ['python3'], present: () => runs('python3', ['--version']) },
  { name: 'python3-venv', packages: ['python3-venv'], present: () => runs('python3', ['-c', 'import venv, ensurepip']) },
  { name: 'ruby', packages: ['ruby', 'ruby-minitest'], present: () => runs('ruby', ['-e', "require 'minitest'"]) },
  { name: 'go', packages: ['golang'], present: () => runs('go', ['version']) },
  { name: 'jq', packages: ['jq'], present: () => runs('jq', ['--version']) },
  { name: 'bash', packages: ['bash'], present: () => runs('bash', ['--version']) },
  { name: 'cc', packages: ['gcc', 'libc6-dev'], present: () => runs('cc', ['--version']) },
  {
    name: 'zookeeper',
    packages: ['zookeeper', 'default-jre-headless'],
    present: () => existsSync('/usr/share/java/zookeeper.jar') && runs('java', ['-version']),
  },
  // The npm package, which the set-up compiles if it can: no package of the system brings it.
  { name: 'zookeeper-client', packages: [], present: hasZooKeeperClient },
  { name: 'chromium', packages: ['chromium'], present: () => runs('chromium', ['--version']) },
  { name: 'mvn', packages: ['maven', 'default-jre-headless'], present: () => !needsMaven() || runs('mvn', ['--version']) },
];

function runs(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** Installs what is missing where it can. Returns the names of the tools that are still missing. */
export function provideTools() {
  let missing = TOOLS.filter((tool) => !tool.present());
  const packages = missing.flatMap((tool) => tool.packages);
  if (packages.length > 0 && existsSync('/etc/debian_version') && process.getuid?.() === 0) {
    console.error(`polybolt: installing with apt-get: ${packages.join(' ')}`);
    const options = { stdio: ['ignore', 2, 2], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
    spawnSync('apt-get', ['update', '-qq'], options);
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options);
    missing = missing.filter((tool) => !tool.present());
  }
  return missing.map((tool) => tool.name);
}
