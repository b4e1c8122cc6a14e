/**
 * The parts of the command line that need no process: options, log lines, the table, the printer.
 */
import t from 'tap';
import { createConsoleLog } from '../../src/cli/console-log.js';
import { LiveTable, rootLine } from '../../src/cli/live-table.js';
import { configOf, parseDurationMs, parseLevel, parsePair } from '../../src/cli/options.js';
import { TuplePrinter } from '../../src/cli/print-tuples.js';
import type { TopologySummary } from '../../src/daemon/local/summary.js';
import { BasicBolt, inline, type Spout, TopologyBuilder } from '../../src/index.js';
import { PolyboltError } from '../../src/model/errors.js';
import { Values } from '../../src/model/values.js';

t.test('a duration is a number with a unit, or of seconds', async (t) => {
  t.same(['500ms', '30s', '5m', '1h', '2', '1.5s', '0'].map(parseDurationMs), [500, 30_000, 300_000, 3_600_000, 2000, 1500, 0]);
  for (const wrong of ['', '3x', '-1s', 's', '1 s', '1e3', 'Infinity']) {
    t.throws(() => parseDurationMs(wrong), { message: `"${wrong}" is no duration: write 500ms, 30s, 5m or 1h` });
  }
});

t.test('a pair is cut at its first equals sign', async (t) => {
  t.same(parsePair('a=b=c'), { a: 'b=c' });
  t.same(parsePair('a='), { a: '' });
  for (const wrong of ['', 'a', '=b']) t.throws(() => parsePair(wrong), { message: `"${wrong}" is not of the form name=value` });
});

t.test('a value of --config has the type that YAML gives it', async (t) => {
  const config = configOf({ number: '10', text: '"10"', nothing: 'null', empty: '', list: '[1, a]', plain: 'two words' });
  t.same(config, { number: 10, text: '10', nothing: null, empty: '', list: [1, 'a'], plain: 'two words' });
});

t.test('a value of --config that is no YAML is refused with what to do', async (t) => {
  const wrong = new Map([['key', '[']]);
  t.throws(() => configOf(Object.fromEntries(wrong)), {
    code: 'PB_USAGE',
    message: /^--config key=\[: the value cannot be read as YAML: Flow sequence .*[^:]$/,
    hint: `quote it when it is meant as text: --config 'key="…"'`,
  });
});

t.test('a level that does not exist is refused with those that do', async (t) => {
  t.equal(parseLevel('warn'), 'warn');
  t.throws(() => parseLevel('loud'), { message: '"loud" is no level: write debug, info, warn, error' });
});

t.test('an event is one line, whatever its fields hold, and low levels are left out', async (t) => {
  const lines: string[] = [];
  const log = createConsoleLog('info', (line) => lines.push(line));
  log.debug('child.up', { pid: 1 });
  log.info('child.up', { component: 'split', pid: 12, text: 'two\nlines "quoted"' });
  log.error('child.exited');
  t.same(lines, ['info  child.up component=split pid=12 text="two\\nlines \\"quoted\\""\n', 'error child.exited\n']);
});

function summary(emitted: number, executed: number): TopologySummary {
  const zero = { transferred: 0, executed: 0, acked: 0, failed: 0, pending: 0, restarts: 0, errors: 0 };
  const latency = { mean: 0, p50: 0.5, p99: 0 };
  return {
    topology: 'test',
    components: [
      { ...zero, id: 'lines', kind: 'spout', tasks: 1, emitted, completeLatencyMs: latency },
      { ...zero, id: 'split', kind: 'bolt', tasks: 2, emitted: 0, executed, restarts: 3, completeLatencyMs: latency },
    ],
    roots: { emitted, acked: emitted, failed: 0, timedOut: 0, abandoned: 0, pending: 0, unreplayed: 0, unanchored: 0 },
  };
}

/** What a table draws, colours taken off; each drawing is one write. */
function drawings(size: { readonly columns?: number; readonly rows?: number }, draw: (table: LiveTable) => void): string[] {
  const written: string[] = [];
  const write = (text: string): boolean => written.push(text.replace(/\x1b\[\d+m/g, '')) > 0;
  draw(new LiveTable({ ...size, write }));
  return written;
}

t.test('the table shows totals at once and rates from the second drawing on, in the place of the first', async (t) => {
  const [first, second] = drawings({ columns: 100, rows: 24 }, (table) => {
    table.draw(summary(1000, 10), 1000, '');
    table.draw(summary(3500, 60), 1500, 'draining');
  });
  t.equal(
    first,
    [
      'component  tasks  emitted  acked  failed  pending  latency ms  tuples/s  restarts',
      'lines          1    1,000      0       0        0        0.50                   0',
      'split          2        0      0       0        0                               3',
      'roots 1,000 emitted = 1,000 acked + 0 failed + 0 abandoned + 0 pending',
      '',
    ]
      .map((line) => `\x1b[2K${line}\n`)
      .join('')
      .concat('\x1b[J'),
  );
  t.match(second, /^\r\x1b\[5A\x1b\[2Kcomponent/);
  t.match(second, /lines +1 +3,500 .* 5,000 +0\n/);
  t.match(second, /split +2 .* 100 +3\n/);
  t.match(second, /\x1b\[2Kdraining\n\x1b\[J$/);
});

t.test('the table never wraps a line nor fills the screen, and shows the newest errors by their first lines', async (t) => {
  const [small = ''] = drawings({ columns: 30, rows: 7 }, (table) => {
    for (let number = 1; number <= 9; number++) table.addError(`split: PB_COMPONENT_ERROR number ${number}\twith\n  a trace`);
    table.draw(summary(1, 1), 0, '');
  });
  const lines = small.replace('\x1b[J', '').replaceAll('\x1b[2K', '').trimEnd().split('\n');
  t.equal(lines.length, 6);
  t.ok(lines.every((line) => line.length <= 29));
  const [unsized = ''] = drawings({ columns: 0, rows: 0 }, (table) => {
    for (let number = 1; number <= 9; number++) table.addError(`split: number ${number}\twith\n  a trace`);
    table.draw(summary(1, 1), 0, '');
  });
  t.match(unsized, /0 pending\n/, 'a terminal that does not know its size');
  t.same(
    [...unsized.matchAll(/split: number (\d) with\n/g)].map(([, number]) => number),
    ['5', '6', '7', '8', '9'],
  );
  t.notMatch(unsized, /trace/);
});

t.test('the account of roots names timeouts and unanchored emits where there are any', async (t) => {
  const roots = { emitted: 1234, acked: 1000, failed: 200, timedOut: 3, abandoned: 30, pending: 4, unreplayed: 0, unanchored: 5 };
  const line = 'roots 1,234 emitted = 1,000 acked + 200 failed (3 timed out) + 30 abandoned + 4 pending; 5 emitted unanchored';
  t.equal(rootLine({ topology: 'test', components: [], roots }), line);
});

function topology() {
  const builder = new TopologyBuilder('test');
  const spout: Spout = { nextTuple() {} };
  builder.setSpout(
    'lines',
    inline(() => spout, { outputs: { default: ['line'], errors: ['why'] } }),
  );
  class Nothing extends BasicBolt {
    process(): void {}
  }
  builder
    .setBolt(
      'end',
      inline(() => new Nothing()),
    )
    .shuffleGrouping('lines');
  return builder.build();
}

t.test('the printer writes what was asked for, values as they were written', async (t) => {
  let text = '';
  const printer = new TuplePrinter(['lines:errors'], topology(), (written) => {
    text += written;
  });
  const observe = printer.observerOf('lines');
  t.equal(printer.observerOf('end'), undefined);
  observe?.('lines', 'default', 1, Values.fromArray(['not printed']));
  observe?.('lines', 'errors', 1, Values.fromText('[1.0, 1e400]'));
  t.equal(text, '', 'gathered');
  printer.flush();
  t.equal(text, '{"component":"lines","stream":"errors","task":1,"values":[1.0, 1e400]}\n');
});

t.test('a selection of the whole component wins over one of its streams, in any order', async (t) => {
  for (const selections of [
    ['lines', 'lines:errors'],
    ['lines:errors', 'lines'],
  ]) {
    let text = '';
    const printer = new TuplePrinter(selections, topology(), (written) => {
      text += written;
    });
    printer.observerOf('lines')?.('lines', 'default', 1, Values.fromArray([1]));
    printer.flush();
    t.match(text, /"values":\[1\]/);
  }
});

t.test('a selection that the topology does not have is refused with what it has', async (t) => {
  const make = (selection: string) => () => new TuplePrinter([selection], topology(), () => {});
  t.throws(make('linse'), { code: 'PB_USAGE', message: '--print linse: the topology has no component "linse"', hint: /\blines, end\b/ });
  t.throws(make('lines:erors'), {
    code: 'PB_USAGE',
    message: '--print lines:erors: "lines" declares no stream "erors"',
    hint: /default, errors/,
  });
  t.throws(make('end:x'), PolyboltError, { hint: 'its streams are none' });
});
