/**
 * The program of a worker: `node worker-main.js DIRECTORY`. Invariant: all it needs is in `worker.json` there, so that the same program works on a cluster and for
 * `polybolt run --workers`; its output is `worker.log`.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildWorker } from './worker-build.js';
import { readWorkerFile, WORKER_NAMES } from './worker-file.js';
import { WorkerLog } from './worker-log.js';
import { WorkerProcess } from './worker-process.js';

const STDOUT = 1;

const [directory] = process.argv.slice(2);
if (directory === undefined) {
  process.stderr.write('usage: node worker-main.js DIRECTORY\nA supervisor starts this program and writes worker.json into DIRECTORY.\n');
  process.exit(2);
}
const file = readWorkerFile(directory);
const log = new WorkerLog({
  path: join(directory, WORKER_NAMES.log),
  descriptor: STDOUT,
  bytesMax: file.logBytesMax,
  filesMax: file.logFilesMax,
  isDebug: false,
  epochMs: () => Date.now(),
});
const worker = new WorkerProcess(file, {
  log,
  pulseLog: () => log.pulse(),
  build: (wanted, self) => buildWorker(directory, wanted, self, log),
  onAbandoned: () => {
    // Its neighbours do the same at the same time.
    if (file.local !== null) rmSync(file.local.root, { recursive: true, force: true, maxRetries: 3 });
  },
  exit: (status) => process.exit(status),
  epochMs: () => Date.now(),
});
process.on('uncaughtException', (error) => worker.fail(error));
process.on('SIGTERM', () => void worker.stop('SIGTERM'));
await worker.run();
