// Prints by user code, its child processes and whatever writes to descriptor 1 do not reach the protocol.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as h from './harness.mjs';

const bolt = h.program('reference/bolt.mjs');
const answer = (command) => [h.emitted(1, command, 'hello'), h.acked(1), h.emitted(2, 'echo'), h.acked(2)];

for (const [command, transport, stderr] of [
  ['print', 'fifo', 'file'],
  ['print', 'fifo', 'pipe'],
  ['print', 'socket', 'file'],
  ['print', 'socket', 'pipe'],
  ['spawn', 'fifo', 'file'],
]) {
  test(`over a ${transport} and with stderr a ${stderr}, what ${command} prints is on stderr`, async () => {
    const result = await h.converse(bolt, [h.tuple(1, command, 'hello'), h.tuple(2, 'echo')], { transport, stderr });
    assert.deepEqual(result.messages, answer(command));
    assert.deepEqual([result.status, result.stderr], [0, 'hello\n']);
  });
}

test('where stderr cannot be opened again, a child process’s prints are dropped rather than let into the protocol', async () => {
  const result = await h.converse(bolt, [h.tuple(1, 'spawn', 'hello'), h.tuple(2, 'echo')], { stderr: 'pipe' });
  assert.deepEqual(result.messages, answer('spawn'));
});

test('every way to print is redirected, also what was taken hold of before run', async () => {
  const result = await h.converse(
    h.source(`import { stdout } from 'node:process'; import { writeSync } from 'node:fs';
      import { execFileSync } from 'node:child_process'; import { Worker } from 'node:worker_threads';
      const early = process.stdout;
      class B extends BasicBolt {
        async process() {
          stdout.write('1\\n'); early.write('2\\n'); process.stdout.write('3\\n'); console.log('4'); console.info('5');
          writeSync(1, '6\\n');
          execFileSync('sh', ['-c', 'echo 7; echo 8 >&2'], { stdio: 'inherit' });
          await new Promise((resolve) => new Worker('console.log(9)', { eval: true }).on('exit', resolve));
          this.emit(['done']);
        }
      } new B().run();`),
    [h.tuple(1)],
  );
  assert.deepEqual(result.messages, [h.emitted(1, 'done'), h.acked(1)]);
  assert.deepEqual(result.stderr.split('\n').sort(), ['', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
});

// The second tuple is sent only when the first is being worked on: whoever reads our input would take it.
async function readWhileInputComes(processBody, transport) {
  const host = h.start(
    h.source(`import { execFileSync } from 'node:child_process';
      class B extends BasicBolt { async process() { this.info('reading'); ${processBody} } } new B().run();`),
    { transport },
  );
  host.write(h.setup(), h.tuple(1));
  await host.receive(1);
  host.write(h.tuple(2));
  const result = await host.end();
  const said = host.messages.slice(1).filter((message) => message.command !== 'log');
  assert.deepEqual(said, [h.emitted(1, ''), h.acked(1), h.emitted(2, ''), h.acked(2)]);
  assert.equal(result.status, 0);
}

for (const transport of ['fifo', 'socket']) {
  test(`over a ${transport}, user code that reads its stdin reads nothing of the protocol`, () =>
    readWhileInputComes(`let text = ''; for await (const c of process.stdin) text += c; this.emit([text]);`, transport));
}

test('a child process reads nothing of the protocol', () =>
  readWhileInputComes(`this.emit([String(execFileSync('cat', [], { stdio: ['inherit', 'pipe', 'inherit'] }))]);`, 'fifo'));
