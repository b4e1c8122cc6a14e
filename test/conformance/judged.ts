/** Judges components for tests, in this process. Invariant: what the library says, not what is printed. */
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { extname, join } from 'node:path';
import { execaSync } from 'execa';
import { type ConformRequest, conform, type Judgement } from '../../src/conformance/conform.js';
import { projectRoot } from '../model/project-files.js';

export const fixtures: string = realpathSync(join(projectRoot, 'test', 'fixtures', 'broken'));

/** Python's own path: what is called python3 may be a script that looks for it each time. */
export const python: string = String(
  execaSync('python3', ['-c', 'import sys; print(sys.executable)'], { reject: false }).stdout ?? 'python3',
);

/** How a fixture is started, by the end of its name: fast, as each is started some forty times. */
const INTERPRETERS: Readonly<Record<string, readonly string[]>> = {
  '.py': [python, '-S', '-E', '-B'],
  '.rb': ['ruby', '--disable-gems'],
  '.mjs': ['node'],
  '.sh': ['sh'],
};

export interface Fixture {
  readonly file: string;
  readonly argv: readonly string[];
  readonly kind: 'bolt' | 'spout';
  /** The check that it is to fail; none for a good one. */
  readonly check: string | undefined;
}

/** The components of test/fixtures/broken that say in their first lines which check they fail. */
export function brokenComponents(): readonly Fixture[] {
  return readdirSync(fixtures).flatMap((file): Fixture[] => {
    const head = readFileSync(join(fixtures, file), 'utf8').split('\n').slice(0, 5).join('\n');
    const check = /expect: (\S+)/.exec(head)?.[1];
    if (check === undefined) throw new Error(`${file} does not say in its first lines which check it fails`);
    const argv = [...(INTERPRETERS[extname(file)] as readonly string[]), join(fixtures, file)];
    return [{ file, argv, kind: /kind: spout/.test(head) ? 'spout' : 'bolt', check: check === 'nothing' ? undefined : check }];
  });
}

export function judge(argv: readonly string[], change: Partial<ConformRequest> = {}): Promise<Judgement> {
  const request: ConformRequest = {
    argv,
    cwd: projectRoot,
    kind: 'bolt',
    level: 'any',
    serializer: 'json',
    cases: [],
    isStrict: true,
    timeoutMs: 5000,
    expected: [],
    concurrency: 4,
    repeatOptions: [],
    ...change,
  };
  return conform(request, () => {});
}

/** Ids of the checks that count against the component. */
export function failuresOf({ verdicts }: Judgement): readonly string[] {
  return verdicts.filter(({ isBad }) => isBad).map(({ check }) => check.key);
}
