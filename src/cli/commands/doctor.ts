/** `polybolt doctor`: what this machine has, what it lacks, and what that would keep from working. Invariant: only what topologies of any kind need makes it fail. */
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pc from 'picocolors';
import { probeProgram } from '../../component/probe-program.js';
import { EXIT } from '../exit-codes.js';

interface Check {
  readonly name: string;
  readonly status: 'ok' | 'missing' | 'failed';
  readonly found: string;
  /** What does not work without it, and what to do. */
  readonly hint: string;
}

const PROGRAMS: readonly (readonly [name: string, args: readonly string[], hint: string])[] = [
  ['python3', ['--version'], 'components in Python need it: install python3'],
  ['ruby', ['--version'], 'components in Ruby need it: install ruby'],
  ['go', ['version'], 'building components in Go needs it: install golang'],
  ['jq', ['--version'], 'shell components that take values apart need it: install jq'],
  ['bash', ['--version'], 'shell components written for bash need it: install bash'],
];

export function doctorCommand(options: { readonly json?: boolean }): number {
  const checks = [node(), namedPipes(), temporaryDirectory(), ...PROGRAMS.map(([name, args, hint]) => program(name, args, hint))];
  for (const check of checks) console.log(options.json === true ? JSON.stringify(check) : line(check));
  return checks.some(({ status }) => status === 'failed') ? EXIT.failed : EXIT.done;
}

function line({ name, status, found, hint }: Check): string {
  const mark = { ok: pc.green('ok     '), missing: pc.yellow('missing'), failed: pc.red('failed ') }[status];
  return `${mark} ${name.padEnd(20)} ${status === 'ok' ? found : hint}`;
}

function node(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isRecent = major > 20 || (major === 20 && minor >= 19);
  return {
    name: 'node',
    status: isRecent ? 'ok' : 'failed',
    found: process.version,
    hint: `Node ${process.version} is too old: install 20.19 or later`,
  };
}

function namedPipes(): Check {
  const directory = mkdtempSync(join(tmpdir(), 'polybolt-doctor-'));
  try {
    const { ok, line } = probeProgram('mkfifo', [join(directory, 'pipe')]);
    return ok
      ? { name: 'named pipes', status: 'ok', found: `mkfifo works in ${tmpdir()}`, hint: '' }
      : { name: 'named pipes', status: 'failed', found: '', hint: `children are spoken to over named pipes; ${line}` };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function temporaryDirectory(): Check {
  try {
    accessSync(tmpdir(), constants.W_OK);
    return { name: 'temporary directory', status: 'ok', found: tmpdir(), hint: '' };
  } catch {
    return {
      name: 'temporary directory',
      status: 'failed',
      found: '',
      hint: `${tmpdir()} cannot be written: set TMPDIR to a directory that can`,
    };
  }
}

function program(name: string, args: readonly string[], hint: string): Check {
  const { ok, line } = probeProgram(name, args);
  return { name, status: ok ? 'ok' : 'missing', found: line, hint };
}
