/** `conform` as a library: from a command to verdicts. Invariant: it is good only if nothing failed that was not expected to, and everything expected did fail. */
import { childEnvironment } from '../component/child-environment.js';
import { createFifoPool, spawnChild } from '../component/spawn.js';
import { PolyboltError } from '../model/errors.js';
import { type Level, loadCases } from './case-file.js';
import type { WireCodec } from './codec.js';
import type { ExpectedFailures } from './expected-failures.js';
import { findKind } from './find-kind.js';
import { jsonCodec } from './json-codec.js';
import { Judge, type JudgeOptions } from './judge.js';
import { msgpackCodec } from './msgpack-codec.js';
import { loadRequirements } from './requirements.js';
import type { Kind } from './rule-monitor.js';
import { checksOf, matcher, select } from './selection.js';
import type { Input } from './setup.js';
import type { Check, Verdict } from './verdict.js';

export interface ConformRequest {
  /** The component; at level adapter `{}` in a word stands for bolt, plain-bolt and spout. */
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly kind: Kind | 'auto';
  readonly level: Level;
  readonly serializer: string;
  readonly inputs?: readonly Input[];
  /** Patterns of checks; none: all. */
  readonly cases: readonly string[];
  readonly isStrict: boolean;
  readonly timeoutMs: number;
  readonly expected: ExpectedFailures;
  /** Conversations at the same time. */
  readonly concurrency: number;
  /** Options that a repetition of a single check needs too. */
  readonly repeatOptions: readonly string[];
}

/** A verdict as it counts. */
export interface Counted extends Verdict {
  /** Why its failure is known. */
  readonly known?: string;
  /** Whether it makes the judgement a failure. */
  readonly isBad: boolean;
}

export interface Judgement {
  readonly kind: Kind | 'all' | undefined;
  readonly verdicts: readonly Counted[];
  readonly isGood: boolean;
  readonly ms: number;
}

const CODECS: Readonly<Record<string, WireCodec>> = { json: jsonCodec, msgpack: msgpackCodec };

/**
 * Judges a component.
 * @param onVerdict called for each check, in order
 * Throws PolyboltError: PB_USAGE, or PB_COMPONENT_… when the command cannot be started.
 */
export async function conform(request: ConformRequest, onVerdict: (verdict: Counted) => void): Promise<Judgement> {
  const startMs = performance.now();
  const codec = codecOf(request.serializer);
  const requirements = loadRequirements();
  const cases = loadCases(requirements);
  checkTemplate(request);
  const launcher = { spawn: spawnChild, pool: createFifoPool() };
  const { argv, cwd, timeoutMs, concurrency, inputs } = request;
  const options: JudgeOptions = {
    ...{ argv, cwd, timeoutMs, concurrency, inputs, codec, requirements, launcher },
    env: childEnvironment(process.env),
    repeatOptions: request.repeatOptions,
  };
  const finder = new Judge(options);
  let judge: Judge | undefined;
  try {
    const kind = await kindOf(request, finder);
    const all = checksOf(cases, kind ?? 'unknown', request.level);
    const { checks, background } = select(all, request.cases);
    if (checks.length === 0) throw noSuchCase(request, all);
    const repeatOptions = kind === undefined ? request.repeatOptions : ['--kind', kind, ...request.repeatOptions];
    judge = new Judge({ ...options, repeatOptions });
    const isExpected = request.expected.map(({ check, reason }) => ({ matches: matcher([check]), reason }));
    const counted: Counted[] = [];
    await judge.judge(checks, background, (verdict) => {
      const known = isExpected.find(({ matches }) => matches(verdict.check))?.reason;
      const item = count(verdict, known, request.isStrict);
      counted.push(item);
      onVerdict(item);
    });
    const kindShown = kind ?? (request.level === 'adapter' ? 'all' : undefined);
    return { kind: kindShown, verdicts: counted, isGood: !counted.some(({ isBad }) => isBad), ms: performance.now() - startMs };
  } finally {
    judge?.close();
    finder.close();
    launcher.pool.close();
  }
}

function count(verdict: Verdict, known: string | undefined, isStrict: boolean): Counted {
  const { outcome } = verdict;
  const hasFailed = outcome === 'fail' || (outcome === 'non-strict' && isStrict);
  if (known === undefined) return { ...verdict, isBad: hasFailed };
  // What works now must leave the list; what is skipped shows nothing either way.
  return { ...verdict, known, isBad: outcome === 'pass' };
}

/** The kind as told or found out; undefined at level adapter, which has all, and for a component that does not even shake hands. */
async function kindOf({ kind, level, timeoutMs, argv }: ConformRequest, judge: Judge): Promise<Kind | undefined> {
  if (kind !== 'auto') return kind;
  if (level === 'adapter') return undefined;
  const found = await findKind(judge, timeoutMs);
  if (found !== undefined) return found;
  throw new PolyboltError('PB_USAGE', {
    message: `it cannot be told whether ${argv.join(' ')} is a bolt or a spout: it answers neither a tuple nor next`,
    hint: 'say --kind bolt or --kind spout, and the checks will show why; a bolt that wants special input gets it by --input',
  });
}

function codecOf(serializer: string): WireCodec {
  const codec = CODECS[serializer];
  if (codec !== undefined) return codec;
  throw new PolyboltError('PB_USAGE', {
    message: `the serializer ${serializer} cannot be judged yet`,
    hint: `this version judges: ${Object.keys(CODECS).join(', ')}`,
  });
}

function checkTemplate({ level, argv }: ConformRequest): void {
  if (level !== 'adapter' || argv.some((word) => word.includes('{}'))) return;
  throw new PolyboltError('PB_USAGE', {
    message: 'level adapter drives three programs, and the command names only one',
    hint: 'write {} where the name of the program goes, which will be bolt, plain-bolt and spout: -- python3 reference/{}.py',
  });
}

function noSuchCase({ cases }: ConformRequest, all: readonly Check[]): PolyboltError {
  return new PolyboltError('PB_USAGE', {
    message: `no check is called ${cases.join(' or ')}`,
    hint: `the checks here are: ${all.map(({ key }) => key).join(' ')}`,
  });
}
