/** `polybolt replay TRANSCRIPT -- COMMAND`. Invariant: exit status 0 means that the component said what was recorded; nothing of it is left behind. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pc from 'picocolors';
import { childEnvironment } from '../../component/child-environment.js';
import { createFifoPool, spawnChild } from '../../component/spawn.js';
import { type ReplayResult, replay } from '../../conformance/replay.js';
import { loadRequirements } from '../../conformance/requirements.js';
import { parseTranscript } from '../../conformance/transcript.js';
import { PolyboltError } from '../../model/errors.js';
import { EXIT } from '../exit-codes.js';

export interface ReplayOptions {
  readonly timeout?: number;
}

const TIMEOUT_MS = 10_000;

export async function replayCommand(path: string, argv: readonly string[], options: ReplayOptions): Promise<number> {
  const transcript = readTranscript(path);
  const fifos = createFifoPool();
  const pidDir = mkdtempSync(join(tmpdir(), 'polybolt-replay-'));
  try {
    const command = { argv, cwd: process.cwd(), env: childEnvironment(process.env) };
    const timeoutMs = options.timeout ?? TIMEOUT_MS;
    const result = await replay({ transcript, command, pidDir, timeoutMs, spawn: spawnChild, fifos });
    process.stdout.write(tell(path, result));
    return result.difference === undefined ? EXIT.done : EXIT.failed;
  } finally {
    fifos.close();
    rmSync(pidDir, { recursive: true, force: true });
  }
}

function readTranscript(path: string): ReturnType<typeof parseTranscript> {
  try {
    return parseTranscript(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new PolyboltError('PB_USAGE', {
      message: `${path} cannot be read as a transcript: ${error instanceof Error ? error.message : String(error)}`,
      hint: 'polybolt run --record DIR writes transcripts; multilang/README.md says what they hold',
      cause: error,
    });
  }
}

function tell(path: string, { same, difference }: ReplayResult): string {
  if (difference === undefined) return `${pc.green('the same')}: ${same} messages as recorded in ${path}\n`;
  const { line, expected, came, requirement, stderr } = difference;
  const rules = loadRequirements();
  const rule = requirement === undefined ? undefined : rules.get(requirement);
  const cited = rule === undefined ? [] : [`${rule.id}: ${rule.text} (source: ${rule.source})`];
  const facts: readonly (readonly [string, string])[] = [
    ['expected', expected],
    ...cited.map((text) => ['', text] as const),
    ['came', came],
    ...(stderr.trim() === '' ? [] : [['stderr', stderr.trim().split('\n').slice(-8).join('\n           ')] as const]),
  ];
  return `${pc.red('different')} after ${same} messages, at message or event ${line + 1} of ${path}\n${facts.map(([label, text]) => `  ${pc.dim(label.padEnd(8))} ${text}\n`).join('')}`;
}
