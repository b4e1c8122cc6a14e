/** `polybolt conform -- COMMAND`: judges a component by the protocol. Invariant: exit status 0 only without failures. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { conform } from '../../conformance/conform.js';
import { parseExpectedFailures } from '../../conformance/expected-failures.js';
import { parseInputs } from '../../conformance/inputs.js';
import { jsonReporter } from '../../conformance/report/json.js';
import { prettyReporter, type Reporter } from '../../conformance/report/pretty.js';
import { createTapReporter } from '../../conformance/report/tap.js';
import { killSubjects } from '../../conformance/subject.js';
import { PolyboltError } from '../../model/errors.js';
import { EXIT } from '../exit-codes.js';

export interface ConformOptions {
  readonly kind?: string;
  readonly level?: string;
  readonly serializer?: string;
  readonly input?: string;
  readonly case?: readonly string[];
  readonly strict?: boolean;
  readonly timeout?: number;
  readonly expectedFailures?: string;
  readonly reporter?: string;
}

const TIMEOUT_MS = 5000;

export async function conformCommand(argv: readonly string[], options: ConformOptions): Promise<number> {
  const reporter = reporterOf(options.reporter ?? 'pretty');
  const timeoutMs = options.timeout ?? TIMEOUT_MS;
  const { input, expectedFailures: expected } = options;
  // A component leads a process group of its own, so Ctrl-C does not reach it.
  process.once('exit', killSubjects);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(EXIT.interrupted));
  try {
    const judgement = await conform(
      {
        argv,
        cwd: process.cwd(),
        kind: oneOf('--kind', options.kind ?? 'auto', ['auto', 'bolt', 'spout']),
        level: oneOf('--level', options.level ?? 'any', ['any', 'adapter']),
        serializer: oneOf('--serializer', options.serializer ?? 'json', ['json', 'msgpack']),
        ...(input === undefined ? {} : { inputs: parseInputs(read(input), input) }),
        cases: options.case ?? [],
        isStrict: options.strict === true,
        timeoutMs,
        expected: expected === undefined ? [] : parseExpectedFailures(read(expected), expected),
        concurrency: 2 * availableParallelism(),
        repeatOptions: repeatOptionsOf(options, timeoutMs),
      },
      (verdict) => process.stdout.write(reporter.verdict(verdict)),
    );
    process.stdout.write(reporter.end(judgement));
    return judgement.isGood ? EXIT.done : EXIT.failed;
  } catch (error) {
    if (!(error instanceof PolyboltError) || !error.code.startsWith('PB_COMPONENT_')) throw error;
    const { describeError } = await import('../../model/errors.js');
    console.error(describeError(error));
    return EXIT.cannotRun;
  }
}

/** What of the command line a repetition of one check needs. */
function repeatOptionsOf({ level, serializer, input, strict }: ConformOptions, timeoutMs: number): readonly string[] {
  return [
    ...(level === undefined ? [] : ['--level', level]),
    ...(serializer === undefined ? [] : ['--serializer', serializer]),
    ...(input === undefined ? [] : ['--input', input]),
    ...(strict === true ? ['--strict'] : []),
    ...(timeoutMs === TIMEOUT_MS ? [] : ['--timeout', `${timeoutMs}ms`]),
  ];
}

function reporterOf(name: string): Reporter {
  switch (oneOf('--reporter', name, ['pretty', 'tap', 'json'])) {
    case 'pretty':
      return prettyReporter;
    case 'tap':
      return createTapReporter();
    case 'json':
      return jsonReporter;
  }
}

function oneOf<T extends string>(option: string, value: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw new PolyboltError('PB_USAGE', { message: `${option} ${value} means nothing`, hint: `write ${option} ${choices.join(' or ')}` });
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new PolyboltError('PB_USAGE', {
      message: `${file} cannot be read`,
      hint: 'check the path, which is relative to the current directory',
      cause: error,
    });
  }
}
