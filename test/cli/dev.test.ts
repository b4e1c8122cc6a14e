/** `polybolt dev` as a person at an editor meets it: what is edited restarts and nothing else does, and what is broken is said and kept out. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type CliResult, ROOT, runCli, summaryOf } from '../support/run-cli.js';
import { needs } from '../support/tools.js';

const ADAPTERS = join(ROOT, 'adapters');

/** Numbers without end, each marked by a bolt in Python and counted by one in JavaScript; marks and counts tell which process they come from. */
const FILES = {
  'topology.yaml': `
name: numbers
config: { topology.message.timeout.secs: 30, topology.max.spout.pending: 20 }
spouts:
  - { id: numbers, module: numbers.mjs, outputs: [number] }
bolts:
  - id: mark
    command: [python3, mark.py, "plain"]
    outputs: [mark, note, pid]
    inputs: [{ from: numbers, grouping: shuffle }]
  - id: count
    command: [node, count.mjs]
    outputs: [mark, note, markPid, way, count, countPid]
    inputs: [{ from: mark, grouping: shuffle }]
`,
  'numbers.mjs': `
import { step } from './step.mjs';
let number = 0;
let atMs = 0;
const again = [];
export class Numbers {
  nextTuple(collector) {
    if (Date.now() - atMs < 2) return;
    atMs = Date.now();
    const next = again.shift() ?? (number += step);
    collector.emit([next], { id: next });
  }
  fail(id) { again.push(id); }
}
`,
  'step.mjs': 'export const step = 1;\n',
  'mark.py': `
import os, sys
sys.path.insert(0, ${JSON.stringify(join(ADAPTERS, 'python'))})
from polybolt import BasicBolt
MARK = "first"
class Mark(BasicBolt):
    def process(self, tuple):
        self.emit([MARK, sys.argv[1], os.getpid()])
Mark().run()
`,
  'count.mjs': `
import { BasicBolt } from ${JSON.stringify(join(ADAPTERS, 'node', 'index.mjs'))};
const WAY = 'up';
class Count extends BasicBolt {
  count = 0;
  process(tuple) { this.emit([...tuple.values, WAY, ++this.count, process.pid]); }
}
new Count().run();
`,
};

interface Counted {
  readonly mark: string;
  readonly note: string;
  readonly markPid: number;
  readonly way: string;
  readonly count: number;
  readonly countPid: number;
}

class Dev {
  readonly directory: string;
  readonly ended: Promise<CliResult>;
  #child: ChildProcess | undefined;
  #hears: { readonly isIt: (line: string) => boolean; readonly found: (line: string) => void }[] = [];
  readonly #told: string[] = [];

  constructor(t: Test, files: Record<string, string> = FILES, args: readonly string[] = []) {
    this.directory = mkdtempSync(join(tmpdir(), 'polybolt-dev-'));
    t.teardown(() => rmSync(this.directory, { recursive: true, force: true }));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.directory, name), text);
    const onLine = (line: string, child: ChildProcess): void => {
      this.#child = child;
      if (!line.startsWith('{')) this.#told.push(line);
      this.#hears = this.#hears.filter(({ isIt, found }) => {
        if (isIt(line)) found(line);
        return !isIt(line);
      });
    };
    const options = { cwd: this.directory, onStdoutLine: onLine, onStderrLine: onLine };
    this.ended = runCli(['dev', 'topology.yaml', '--print', 'count', '--json', ...args], options);
    t.teardown(() => this.#child?.kill('SIGKILL'));
    void this.ended.then(({ stderr }) => this.#hears.forEach(({ found }) => found(`ended: ${stderr}`)));
  }

  /** Waits for a line of a kind that comes from now on. */
  line(isIt: (line: string) => boolean): Promise<string> {
    return new Promise((found) => this.#hears.push({ isIt, found }));
  }

  /** Waits for something to be said, from now on. */
  said(text: RegExp): Promise<string> {
    return this.line((line) => !line.startsWith('{') && text.test(line));
  }

  /** Waits for a count like this, from now on. */
  async counted(like: Partial<Counted> = {}): Promise<Counted> {
    return counted(
      await this.line(
        (line) =>
          line.startsWith('{"component"') && Object.entries(like).every(([key, value]) => counted(line)[key as keyof Counted] === value),
      ),
    );
  }

  /** Saves a file as many editors do: written beside it and put in its place. */
  edit(file: string, from: string, to: string): void {
    const path = join(this.directory, file);
    const text = readFileSync(path, 'utf8');
    if (!text.includes(from)) throw new Error(`${file} holds no ${from}`);
    writeFileSync(`${path}.tmp`, text.replace(from, to));
    renameSync(`${path}.tmp`, path);
  }

  interrupt(): void {
    this.#child?.kill('SIGINT');
  }

  /** What was said so far that matches. */
  saidSoFar(text: RegExp): readonly string[] {
    return this.#told.filter((line) => text.test(line));
  }
}

function counted(line: string): Counted {
  const [mark, note, markPid, way, count, countPid] = JSON.parse(line).values;
  return { mark, note, markPid, way, count, countPid };
}

for (const args of [[], ['--workers', '2']] as readonly (readonly string[])[]) {
  t.test(
    `only what is edited restarts, a broken edit keeps what runs, and nothing is lost ${args.join(' ')}`,
    { skip: needs('python3') },
    async (t) => {
      const dev = new Dev(t, FILES, args);
      const first = await dev.counted({ mark: 'first' });

      dev.edit('mark.py', '"first"', '"second"');
      const second = await dev.counted({ mark: 'second' });
      t.match(second, { way: 'up', countPid: first.countPid });
      t.ok(second.count > first.count, 'the other component counts on');
      t.not(second.markPid, first.markPid);

      dev.edit('count.mjs', "'up'", "'down'");
      const down = await dev.counted({ way: 'down' });
      t.match(down, { mark: 'second', markPid: second.markPid });
      t.not(down.countPid, second.countPid);

      const kept = dev.said(/^polybolt: mark is kept as it was: mark\.py changed, and PB_HANDSHAKE_FAILED/);
      dev.edit('mark.py', 'class Mark', 'class class Mark');
      t.match(await kept, /exited with code 1/);
      t.match(await dev.counted(), { mark: 'second', markPid: second.markPid, way: 'down', countPid: down.countPid });
      t.ok(dev.saidSoFar(/SyntaxError/).length > 0, 'its last words are shown');

      const invalid = dev.said(/has mistakes: what runs is kept as it was/);
      dev.edit('topology.yaml', 'from: mark', 'from: mrak');
      await invalid;
      t.ok(dev.saidSoFar(/topology\.yaml:\d+:\d+: PB_COMPONENT_UNKNOWN.*mrak/).length > 0);
      t.match(await dev.counted(), { markPid: second.markPid, countPid: down.countPid });

      dev.edit('mark.py', 'class class Mark', 'class Mark');
      dev.edit('topology.yaml', 'from: mrak', 'from: mark');
      const mended = await dev.counted({ mark: 'second', countPid: down.countPid });
      dev.edit('topology.yaml', '"plain"', '"fancy"');
      const fancy = await dev.counted({ note: 'fancy' });
      t.match(fancy, { mark: 'second', countPid: down.countPid });
      t.ok(fancy.count > mended.count);

      const respouted = dev.said(/^polybolt: numbers restarted in \d+ ms: step\.mjs changed/);
      dev.edit('step.mjs', '1', '1000');
      await respouted;
      t.match(await dev.counted(), { markPid: fancy.markPid, countPid: down.countPid });

      const anew = dev.said(/the parallelism of mark has changed: numbers is drained and submitted anew/);
      dev.edit('topology.yaml', 'id: mark', 'id: mark\n    parallelism: 2');
      await anew;
      const last = await dev.counted({ count: 1 });
      t.not(last.countPid, down.countPid);

      dev.interrupt();
      const { status, stdout, stderr } = await dev.ended;
      t.equal(status, 130, stderr);
      t.match(summaryOf(stdout).roots, { pending: 0, unreplayed: 0 });
    },
  );
}

t.test(
  'a module that does not load is kept out, and one that never ran is started once it can be',
  { skip: needs('python3') },
  async (t) => {
    const dev = new Dev(t);
    await dev.said(/watching/);
    await dev.counted({ mark: 'first' });
    const kept = dev.said(/^polybolt: numbers is kept as it was: numbers\.mjs changed, and PB_MODULE_INVALID/);
    dev.edit('numbers.mjs', 'class Numbers', 'class Numbers extends');
    await kept;
    const { count } = await dev.counted({ mark: 'first' });
    dev.interrupt();
    t.equal((await dev.ended).status, 130);
    t.ok(count > 0);

    const broken = new Dev(t, { ...FILES, 'numbers.mjs': FILES['numbers.mjs'].replace('export ', '') });
    await broken.said(/numbers does not run; it is started again when its files change/);
    broken.edit('numbers.mjs', 'class Numbers', 'export class Numbers');
    await broken.counted({ mark: 'first' });
    broken.interrupt();
    t.equal((await broken.ended).status, 130);
  },
);
