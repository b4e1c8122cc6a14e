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
  run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], { stdio: ['ignore', 2, 2] });
  writeFileSync(stampFile, stamp);
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
// hook is an entry of its own, because Node loads it by its name.
function bundle() {
  const folder = join(root, 'dist', 'src');
  const entries = [join(folder, 'cli', 'main.js'), join(folder, 'component', 'type-stripping.js')];
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
    external: ['@swc/wasm-typescript'],
    // Some packages are CommonJS and ask for Node's own modules by `require`.
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
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
