// Gets the libraries of others that the tests run components on: Storm's own storm.py, storm.rb and storm.js, and a Python environment with pystorm and
// streamparse. Invariant: what it hands out is complete and of the pinned version; it lies in a cache outside of this tree, or where POLYBOLT_STORM_LIBS says.
// Runs with Node's built-ins, Maven, and Python's pip; `node scripts/foreign-libraries.mjs` prints the places as one line of JSON.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const STORM_VERSION = '2.8.3';

/** Maven artifacts of org.apache.storm, the file that each is wanted for, and the SHA-256 of the jar. */
const STORM_ARTIFACTS = [
  { artifact: 'multilang-python', file: 'storm.py', sha256: '76ac61d8c9b5dfafe9762be60d47d29a7bf2f124bbfef568d8edbbfd682b1783' },
  { artifact: 'multilang-ruby', file: 'storm.rb', sha256: 'eb5f8d420ca2d81c734395e3d6631b860a79155bf60d4d7e3146f040f84bbbf5' },
  { artifact: 'multilang-javascript', file: 'storm.js', sha256: '7ad639fb04220307f64e6db7f97100bef44f91266d1cd3caeec5338b19013e6d' },
];

/** What is tested, pinned by hash. What they need in turn is left to pip, which knows the Python at hand. */
const PYTHON_PACKAGES = [
  { name: 'pystorm', version: '3.1.4', sha256: 'f0b5a18f78440d6e503d6b4d961be162f5402bc6595634ceadf5252a415c3b3c' },
  { name: 'streamparse', version: '5.0.1', sha256: '0afdf06c3d64d12425839ddda729c3d8b4a10d9ba6fd9e81a38aeef9288b6ce5' },
];
// streamparse imports pkg_resources, which later setuptools no longer have.
const PYTHON_CONSTRAINTS = ['setuptools<81'];

const NETWORK_HINT = 'is the network there, and does the tool know its mirror or proxy?';
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'polybolt', 'foreign');

/**
 * Provides both, each by itself: `storm` is the directory that holds Storm's three files, `python` an interpreter that can import pystorm and
 * streamparse. What could not be had is undefined, and `problems` says why.
 */
export function provideForeignLibraries() {
  const problems = [];
  const attempt = (provide) => {
    try {
      return provide();
    } catch (error) {
      problems.push(error.message);
      return undefined;
    }
  };
  return { storm: attempt(stormLibraries), python: attempt(pythonEnvironment), problems };
}

/** Whether Maven would be needed: Storm's libraries are neither named nor in the cache. */
export function needsMaven() {
  return !process.env.POLYBOLT_STORM_LIBS && !existsSync(join(cache, `storm-${STORM_VERSION}`));
}

function stormLibraries() {
  const named = process.env.POLYBOLT_STORM_LIBS;
  if (named) {
    const missing = STORM_ARTIFACTS.filter(({ file }) => !existsSync(join(named, file))).map(({ file }) => file);
    if (missing.length > 0) throw new Error(`POLYBOLT_STORM_LIBS names ${named}, which does not hold ${missing.join(', ')}`);
    return resolve(named);
  }
  return cached(`storm-${STORM_VERSION}`, fetchStormLibraries);
}

// Maven fetches the extensions of a project before it does anything else. So an empty project, of which nothing is built, brings the three jars and their
// parents' poms (0.8 MB, 6 s), where the dependency plugin would first bring itself and all that it rests on (12 MB, 28 s).
function fetchStormLibraries(folder) {
  const extension = ({ artifact }) =>
    `<extension><groupId>org.apache.storm</groupId><artifactId>${artifact}</artifactId><version>${STORM_VERSION}</version></extension>`;
  const work = mkdtempSync(join(cache, 'maven-'));
  try {
    const pom = join(work, 'pom.xml');
    const repository = join(work, 'repository');
    writeFileSync(
      pom,
      `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>polybolt</groupId><artifactId>foreign-libraries</artifactId><version>1</version><packaging>pom</packaging>
<build><extensions>${STORM_ARTIFACTS.map(extension).join('')}</extensions></build></project>`,
    );
    tool('mvn', ['-B', '-q', '-f', pom, `-Dmaven.repo.local=${repository}`, 'validate'], `Storm ${STORM_VERSION}'s multilang artifacts`);
    for (const { artifact, file, sha256 } of STORM_ARTIFACTS) {
      const jar = join(repository, 'org', 'apache', 'storm', artifact, STORM_VERSION, `${artifact}-${STORM_VERSION}.jar`);
      const actual = createHash('sha256').update(readFileSync(jar)).digest('hex');
      if (actual !== sha256)
        throw new Error(`${artifact}-${STORM_VERSION}.jar has the SHA-256 ${actual}, not ${sha256}: somebody changed it on its way`);
      tool('python3', ['-m', 'zipfile', '-e', jar, join(work, artifact)], `the contents of ${artifact}`);
      renameSync(join(work, artifact, 'resources', file), join(folder, file));
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function pythonEnvironment() {
  const version = tool('python3', ['-c', 'import sys; print("%d.%d.%d" % sys.version_info[:3])'], 'the version of Python').trim();
  const name = ['python', version, ...PYTHON_PACKAGES.map((pinned) => `${pinned.name}-${pinned.version}`)].join('-');
  return join(cached(name, fetchPythonPackages), 'bin', 'python');
}

function fetchPythonPackages(folder) {
  tool('python3', ['-m', 'venv', folder], 'a virtual environment');
  const pip = (args) => {
    const quiet = ['install', '--quiet', '--no-input', '--disable-pip-version-check'];
    tool(
      join(folder, 'bin', 'python'),
      ['-m', 'pip', ...quiet, ...args],
      PYTHON_PACKAGES.map((pinned) => `${pinned.name} ${pinned.version}`).join(' and '),
    );
  };
  const pinned = join(folder, 'pinned.txt');
  writeFileSync(pinned, PYTHON_PACKAGES.map(({ name, version, sha256 }) => `${name}==${version} --hash=sha256:${sha256}\n`).join(''));
  pip(['--no-deps', '--require-hashes', '--only-binary', ':all:', '-r', pinned]);
  pip([...PYTHON_PACKAGES.map(({ name, version }) => `${name}==${version}`), ...PYTHON_CONSTRAINTS]);
}

/** A folder of the cache, filled first if it is not there. It appears whole or not at all, however many processes want it at a time. */
function cached(name, fill) {
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  console.error(`polybolt: fetching into ${folder}`);
  const fresh = mkdtempSync(join(cache, 'new-'));
  try {
    fill(fresh);
    renameSync(fresh, folder);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    // Somebody else was quicker.
    if (!(existsSync(folder) && readdirSync(folder).length > 0)) throw error;
  }
  return folder;
}

/** Runs an ordinary client to its end and returns what it printed; throws an error that says what could not be had and why. */
function tool(command, args, wanted) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (error !== undefined) throw new Error(`${wanted}: ${command} could not be started (${error.message}); install it`);
  if (status === 0) return stdout;
  const lines = `${stdout}\n${stderr}`.trim().split('\n');
  const said = [...lines.filter((line) => /error/i.test(line)), ...lines].slice(0, 3).join('\n  ');
  throw new Error(`${wanted}: ${command} ended with status ${status}; ${NETWORK_HINT}\n  ${said}`);
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { problems, ...places } = provideForeignLibraries();
  for (const problem of problems) console.error(`polybolt: ${problem}`);
  console.log(JSON.stringify(places));
  process.exit(problems.length > 0 ? 1 : 0);
}
