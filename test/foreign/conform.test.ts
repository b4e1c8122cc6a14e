/**
 * Components on the libraries of others, judged by `polybolt conform`. Invariant: they pass, strictly, but for the lists in `expected-failures/`, each line of
 * which does fail and says which doing of the library it comes from.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parseExpectedFailures } from '../../src/conformance/expected-failures.js';
import { projectRoot } from '../model/project-files.js';
import { runCli } from '../support/run-cli.js';
import { needs } from '../support/tools.js';
import { foreignLibrary, stage } from './libraries.js';

// Alone, without the runner that sets it, tap gives a file thirty seconds; a busy machine takes longer.
t.setTimeout(240_000);

interface Judged {
  readonly library: string;
  readonly tools: readonly string[];
  readonly beside?: 'storm';
  readonly bolt: () => readonly string[];
  readonly spout: () => readonly string[];
}

const python = (...args: readonly string[]): readonly string[] => [foreignLibrary('python'), ...args];
const streamparse = (name: string): readonly string[] => python('-m', 'streamparse.run', `streamparse_words.${name}`);

const LIBRARIES: readonly Judged[] = [
  {
    ...{ library: 'storm.py', tools: ['python3', 'storm-libraries'], beside: 'storm' },
    ...{ bolt: () => ['python3', 'echo.py'], spout: () => ['python3', 'sentences.py'] },
  },
  {
    ...{ library: 'storm.rb', tools: ['ruby', 'storm-libraries'], beside: 'storm' },
    ...{ bolt: () => ['ruby', 'echo.rb'], spout: () => ['ruby', 'sentences.rb'] },
  },
  {
    ...{ library: 'storm.js', tools: ['storm-libraries'], beside: 'storm' },
    ...{ bolt: () => ['node', 'echo.js'], spout: () => ['node', 'sentences.js'] },
  },
  {
    ...{ library: 'pystorm', tools: ['python3', 'pystorm'] },
    ...{ bolt: () => python('pystorm_echo.py'), spout: () => python('pystorm_sentences.py') },
  },
  {
    ...{ library: 'streamparse', tools: ['python3', 'pystorm'] },
    ...{ bolt: () => streamparse('WordCountBolt'), spout: () => streamparse('WordSpout') },
  },
];

/** What says nothing about a component, for a reason that is its own: it never does what the check is about. */
const SKIPS =
  /^it logged nothing$|^it sent no metrics$|^it never asks for task ids$|^it asks for task ids, which cannot be told after the end/;

interface Line {
  readonly check?: string;
  readonly outcome?: string;
  readonly known?: string;
  readonly reason?: string;
  readonly good?: boolean;
  readonly kind: string;
}

for (const { library, tools, beside, ...components } of LIBRARIES) {
  const skip = needs(...tools);
  t.test(`a bolt and a spout on ${library} conform, but for what is known of it`, { skip, timeout: 120_000 }, async (t) => {
    const cwd = stage(t, beside);
    const list = join(projectRoot, 'test', 'foreign', 'expected-failures', `${library}.txt`);
    const failed = new Set<string>();
    const judge = async (kind: 'bolt' | 'spout'): Promise<void> => {
      const options = ['--kind', kind, '--level', 'any', '--strict', '--timeout', '8s', '--expected-failures', list, '--reporter', 'json'];
      // Their libraries read and write by the locale; Storm's hosts have one of UTF-8.
      // What Python compiles is kept for the next of its many starts.
      const env = { ...process.env, LC_ALL: 'C.UTF-8', PYTHONDONTWRITEBYTECODE: undefined };
      const { status, stdout, stderr } = await runCli(['conform', ...options, '--', ...components[kind]()], { cwd, env });
      t.equal(status, 0, `${kind}: ${stderr}${stdout.split('\n').filter((line) => line.includes('"bad":true'))}`);
      const lines = stdout.split('\n').flatMap((line): readonly Line[] => (line === '' ? [] : [JSON.parse(line)]));
      t.match(lines.at(-1), { good: true, kind });
      t.ok(lines.length > 35, `${kind}: ${lines.length - 1} checks`);
      for (const { check = '', outcome, known, reason } of lines.slice(0, -1)) {
        if (outcome === 'skipped') t.match(reason, SKIPS, `${kind}: ${check}`);
        if (known !== undefined && (outcome === 'fail' || outcome === 'non-strict')) failed.add(check);
      }
    };
    await Promise.all([judge('bolt'), judge('spout')]);

    const expected = parseExpectedFailures(readFileSync(list, 'utf8'), list);
    t.same(
      expected.map(({ check }) => check).filter((check) => !failed.has(check)),
      [],
      'each line of the list does fail, by the bolt or by the spout',
    );
    for (const { check, reason } of expected) t.ok(reason.includes(library), `${check}: the reason names ${library}`);
  });
}
