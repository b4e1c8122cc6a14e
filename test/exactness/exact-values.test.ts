/**
 * What a component writes arrives as it was written: through a spout, a bolt, a fields grouping, into a child and out of `--print`. All components here treat values
 * as bytes. ML-EM-20, ML-EM-21, ML-FR-05.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { projectRoot } from '../model/project-files.js';
import { needs } from '../support/tools.js';
import { WRITTEN } from './values.js';

const CHILDREN = join(projectRoot, 'test', 'fixtures', 'children');
const MAIN = new URL('../../bundle/cli/main.js', import.meta.url).pathname;

/** Runs `polybolt run` and returns what it wrote, as bytes. */
async function run(args: readonly string[]): Promise<{ readonly code: number | null; readonly stdout: Buffer; readonly stderr: string }> {
  const child = spawn(process.execPath, [MAIN, 'run', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() };
}

function topologyText(directory: string, grouping: string): string {
  return `
name: exactness
resources: ${CHILDREN}
config: { topology.max.spout.pending: 1 }
spouts:
  - { id: source, command: [python3, bytes_spout.py], outputs: [value], environment: { VALUES: ${directory}/values } }
bolts:
  - id: echo
    command: [python3, bytes_echo.py]
    outputs: [value]
    inputs: [{ from: source, grouping: shuffle }]
  - id: sink
    command: [python3, bytes_sink.py]
    parallelism: 2
    environment: { SINK: ${directory}/sink }
    inputs: [{ from: echo, ${grouping} }]
`;
}

for (const grouping of ['grouping: global', 'grouping: fields, fields: [value]']) {
  t.test(
    `ML-EM-20: values arrive byte for byte, with ${grouping}, and so they are printed`,
    { skip: needs('python3'), timeout: 60_000 },
    async (t) => {
      const directory = mkdtempSync(join(tmpdir(), 'polybolt-exact-'));
      t.teardown(() => rmSync(directory, { recursive: true, force: true }));
      writeFileSync(join(directory, 'values'), WRITTEN.map(({ text }) => text).join('\0'));
      writeFileSync(join(directory, 'sink'), '');
      writeFileSync(join(directory, 'topology.yaml'), topologyText(directory, grouping));
      const { code, stdout, stderr } = await run([join(directory, 'topology.yaml'), '--until-idle', '300ms', '--print', 'echo']);
      t.equal(code, 0, stderr);
      const arrived = readFileSync(join(directory, 'sink')).toString('latin1').split('\0').slice(0, -1);
      const printed = stdout.toString('latin1').split('\n').slice(0, -1);
      t.equal(arrived.length, WRITTEN.length);
      t.equal(printed.length, WRITTEN.length);
      for (const [index, { arrives }] of WRITTEN.entries()) {
        const bytes = Buffer.from(arrives).toString('latin1');
        const line = `{"component":"echo","stream":"default","task":2,"values":${bytes}}`;
        // Values are compared and not shown: one of them is a megabyte, and some mean something in TAP.
        t.ok(arrived[index] === bytes, `value ${index} arrives`, { wanted: arrives.slice(0, 100), found: arrived[index]?.slice(0, 100) });
        t.ok(printed[index] === line, `value ${index} is printed`, { wanted: line.slice(0, 150), found: printed[index]?.slice(0, 150) });
      }
    },
  );
}
