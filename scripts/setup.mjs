// Makes a checkout ready: npm packages, generated code, compiled TypeScript. Invariant: does nothing that is done already, so that an
// unchanged checkout is ready in half a second. Runs before anything is installed: Node's built-ins only.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stampFile = join(root, 'node_modules', '.polybolt-stamp');

/** Runs a command to its end; on failure shows what it said and ends this process with its status. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (result.error !== undefined) fail(`${command} could not be started: ${result.error.message}`);
  if (result.status !== 0)
    fail(`${command} ${args.join(' ')} ended with ${result.signal ?? `status ${result.status}`}`, result.status ?? 1);
}

export function fail(message, status = 1) {
  console.error(`polybolt: ${message}`);
  process.exit(status);
}

/** Installs the npm packages of the lock file when it, Node or the machine has changed since. */
export function installPackages() {
  checkNode();
  const stamp = createHash('sha256')
    .update(readFileSync(join(root, 'package.json')))
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(`${process.version} ${process.platform} ${process.arch}`)
    .digest('hex');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  console.error('polybolt: installing npm packages');
  const env = { ...process.env, ...headersForNativeModules() };
  run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], { stdio: ['ignore', 2, 2], env });
  if (!hasZooKeeperClient()) {
    console.error(
      'polybolt: warning: the npm package zookeeper is not there, as npm could not compile it (it needs a C++ compiler, make and the headers of Node ' +
        `${process.version}): commands of a cluster are unavailable and their tests are skipped; \`polybolt run\` and \`polybolt dev\` need none of it`,
    );
  }
  writeFileSync(stampFile, stamp);
}

/** Whether the client of ZooKeeper can be loaded. It is optional and native: where it cannot be compiled, npm drops it without a word. */
export function hasZooKeeperClient() {
  return spawnSync(process.execPath, ['-e', "require('zookeeper')"], { cwd: root, stdio: 'ignore' }).status === 0;
}

/** Lets npm compile against the headers that came with this Node, where they did, instead of fetching them. */
function headersForNativeModules() {
  const prefixes = [dirname(dirname(process.execPath)), process.config.variables.node_prefix, '/usr/local', '/usr'];
  const prefix = prefixes.find((each) => typeof each === 'string' && isPrefixOfThisNode(each));
  return prefix === undefined ? {} : { npm_package_config_node_gyp_nodedir: prefix };
}

/** Headers of another major version compile into what this Node refuses to load. */
function isPrefixOfThisNode(prefix) {
  const header = join(prefix, 'include', 'node', 'node_version.h');
  if (!existsSync(header)) return false;
  return new RegExp(`NODE_MAJOR_VERSION ${process.versions.node.split('.')[0]}\\b`).test(readFileSync(header, 'utf8'));
}

/** Generates code from the schemas and compiles, when a source is newer than the last build. */
export function build() {
  run(process.execPath, [join(root, 'scripts', 'generate.mjs')], { stdio: ['ignore', 2, 2] });
  if (!isStale()) return;
  console.error('polybolt: compiling');
  run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', root], { stdio: ['ignore', 2, 2] });
  bundle();
  writeFileSync(join(root, 'dist', '.built'), '');
}

// The command as a few files instead of some three hundred: loading those one by one took a third of the time to the first ack. The module
// hook, the program of workers and what records in them are entries of their own, because Node loads them by their names.
function bundle() {
  const folder = join(root, 'dist', 'src');
  const entries = ['cli/main.js', 'component/type-stripping.js', 'daemon/worker/worker-main.js', 'conformance/recording.js'].map((file) =>
    join(folder, file),
  );
  const { buildSync } = createRequire(import.meta.url)('esbuild');
  rmSync(join(root, 'dist', 'bundle'), { recursive: true, force: true });
  buildSync({
    entryPoints: entries,
    entryNames: '[name]',
    outdir: join(root, 'dist', 'bundle', 'cli'),
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // One finds its WebAssembly beside itself, the other its compiled code.
    external: ['@swc/wasm-typescript', 'zookeeper'],
    // Some packages are CommonJS and ask for Node's own modules by `require`.
    // Under a name that no file of ours imports it by.
    banner: { js: "import{createRequire as requireFrom}from'node:module';const require=requireFrom(import.meta.url);" },
    logLevel: 'warning',
  });
}

function isStale() {
  const built = join(root, 'dist', '.built');
  if (!existsSync(built)) return true;
  const since = statSync(built).mtimeMs;
  const sources = ['src', 'test', 'bench', 'examples'].map((folder) => join(root, folder)).filter((folder) => existsSync(folder));
  return statSync(join(root, 'tsconfig.json')).mtimeMs > since || sources.some((folder) => isNewer(folder, since));
}

/** Whether a folder holds anything newer; a folder itself is newer when a file was added or removed. */
function isNewer(folder, since) {
  if (statSync(folder).mtimeMs > since) return true;
  return readdirSync(folder, { withFileTypes: true }).some((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? isNewer(path, since) : path.endsWith('.ts') && statSync(path).mtimeMs > since;
  });
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) fail(`Node ${process.version} is too old: 20.19 or later is needed`);
}
