// Runs components in real child processes over real pipes, as a host does: named pipes by default, sockets or a file
// on request. Nothing here waits by the clock: a test awaits a message or the end of the process.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { O_RDONLY, O_WRONLY, O_NONBLOCK } = fs.constants;

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'polybolt-node-'));
const children = [];
after(() => {
  // A test that failed may have left its component waiting.
  for (const child of children) child.kill('SIGKILL');
  fs.rmSync(scratch, { recursive: true });
});
let made = 0;

/** A new path in a directory that is removed after the tests. */
export function scratchPath(name) {
  return path.join(scratch, `${made++}-${name}`);
}

/** @returns {string[]} the arguments for node that run a program of this package */
export function program(name) {
  return [path.join(root, name)];
}

/** @returns {string[]} the arguments for node that run a component given as source text */
export function source(text) {
  const names = 'BasicBolt, Bolt, EncodeError, ReliableSpout, Spout';
  return ['--input-type=module', '-e', `import { ${names} } from '${root}index.mjs';\n${text}`];
}

/** @returns {string} messages as a host writes them; a string is taken as written */
export function frames(...messages) {
  return messages.map((m) => `${typeof m === 'string' ? m : JSON.stringify(m)}\nend\n`).join('');
}

export function setup(conf = {}, pidDir = '') {
  return { pidDir, conf, context: { taskid: 7, componentid: 'me' } };
}

export function tuple(id, ...values) {
  return { id: String(id), comp: 'words', stream: 'default', task: 3, tuple: values };
}

export const heartbeat = { id: '99', comp: null, stream: '__heartbeat', task: -1, tuple: [] };
export const tick = { id: '77', comp: '__system', stream: '__tick', task: -1, tuple: [1] };

/** An anchored emit, an ack and so on, as the library writes them. */
export const emitted = (id, ...values) => ({
  command: 'emit',
  anchors: [String(id)],
  need_task_ids: false,
  tuple: values,
});
export const acked = (id) => ({ command: 'ack', id: String(id) });
export const failed = (id) => ({ command: 'fail', id: String(id) });
export const sync = { command: 'sync' };

const openers = { fifo: openFifos, socket: openSockets };

/**
 * Starts a component.
 * @param {string[]} args for node
 * @param {{transport?: 'fifo' | 'socket', stderr?: 'file' | 'pipe'}} [options]
 */
export function start(args, { transport = 'fifo', stderr = 'file' } = {}) {
  const stderrPath = scratchPath('stderr');
  const stderrFd = fs.openSync(stderrPath, 'w');
  const { child, stdin, stdout } = openers[transport](args, stderr === 'file' ? stderrFd : 'pipe');
  children.push(child);
  fs.closeSync(stderrFd);
  child.stderr?.pipe(fs.createWriteStream(stderrPath));
  stdin.on('error', () => {});
  return new Host(child, stdin, stdout, stderrPath);
}

function openFifos(args, stderr) {
  const [input, output] = [scratchPath('in'), scratchPath('out')];
  spawnSync('mkfifo', [input, output]);
  const readOutput = fs.openSync(output, O_RDONLY | O_NONBLOCK);
  const writeOutput = fs.openSync(output, O_WRONLY);
  const readInput = fs.openSync(input, O_RDONLY | O_NONBLOCK);
  const writeInput = fs.openSync(input, O_WRONLY);
  const child = spawn(process.execPath, args, { stdio: [readInput, writeOutput, stderr] });
  fs.closeSync(writeOutput);
  fs.closeSync(readInput);
  const stdin = new net.Socket({ fd: writeInput, readable: false, writable: true });
  const stdout = new net.Socket({ fd: readOutput, readable: true, writable: false });
  return { child, stdin, stdout };
}

function openSockets(args, stderr) {
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', stderr] });
  return { child, stdin: child.stdin, stdout: child.stdout };
}

class Host {
  text = '';
  #child;
  #stdin;
  #stdout;
  #stderrPath;
  #exit;
  #changed;
  #wake = () => {};
  #hasClosed = false;

  constructor(child, stdin, stdout, stderrPath) {
    this.#child = child;
    this.#stdin = stdin;
    this.#stdout = stdout;
    this.#stderrPath = stderrPath;
    this.#exit = once(child, 'exit');
    stdout.setEncoding('utf8');
    stdout.on('data', (text) => {
      this.text += text;
      this.#wake();
    });
    stdout.on('close', () => {
      this.#hasClosed = true;
      this.#wake();
    });
  }

  get pid() {
    return this.#child.pid;
  }

  get stdout() {
    return this.#stdout;
  }

  get stdin() {
    return this.#stdin;
  }

  get isRunning() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The messages so far, the pid among them. A text that is no JSON throws. */
  get messages() {
    return this.text
      .split('\nend\n')
      .slice(0, -1)
      .map((text) => JSON.parse(text));
  }

  write(...messages) {
    this.#stdin.write(frames(...messages));
  }

  /** Writes text or bytes as they are; resolves when they are in the pipe. */
  writeRaw(bytes) {
    return new Promise((resolve) => this.#stdin.write(bytes, resolve));
  }

  /** Waits until so many messages have come, the pid not counted, and gives them. */
  async receive(count) {
    while (this.text.split('\nend\n').length - 2 < count) {
      if (this.#hasClosed) throw new Error(`stdout ended after: ${this.text}\nstderr: ${this.stderr}`);
      await this.#change();
    }
    return this.messages.slice(1);
  }

  /** Ends the input, and waits for the component to end. */
  end() {
    this.#stdin.end();
    return this.finish();
  }

  async finish() {
    const [status, signal] = await this.#exit;
    while (!this.#hasClosed) await this.#change();
    return { status, signal, text: this.text, stderr: this.stderr };
  }

  get stderr() {
    return fs.readFileSync(this.#stderrPath, 'utf8');
  }

  #change() {
    this.#changed = new Promise((resolve) => {
      this.#wake = resolve;
    });
    return this.#changed;
  }
}

/** Gives a component a whole conversation at once; the result's messages do not hold the pid. */
export async function converse(args, messages, options) {
  const host = start(args, options);
  host.write(setup(options?.conf), ...messages);
  const result = await host.end();
  return { ...result, messages: host.messages.slice(1), pid: host.pid };
}

/** The same with a file on stdin and a file on stdout. */
export function converseByFile(args, text) {
  const input = scratchPath('input');
  const output = scratchPath('output');
  fs.writeFileSync(input, text);
  const stdio = [fs.openSync(input, 'r'), fs.openSync(output, 'w'), 'pipe'];
  const result = spawnSync(process.execPath, args, { stdio, encoding: 'utf8', timeout: 60_000 });
  for (const fd of stdio.slice(0, 2)) fs.closeSync(fd);
  return { status: result.status, stderr: result.stderr, text: fs.readFileSync(output, 'utf8') };
}
