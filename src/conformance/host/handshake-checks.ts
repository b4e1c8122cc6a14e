/** Host checks of what a component finds when it starts: handshake, context, configuration, surroundings. Cites ML-HS and ML-LC. */
import { fail, type HostCheck, isObject, isSame, pass, show, skipped, unless } from './check.js';
import { keyOf, type Report, type Run } from './report.js';

const GROUPINGS: readonly unknown[] = [
  'FIELDS',
  'SHUFFLE',
  'ALL',
  'NONE',
  'DIRECT',
  'LOCAL_OR_SHUFFLE',
  'CUSTOM_OBJECT',
  'CUSTOM_SERIALIZED',
];

/** What the context of each role has to say about the probe's topology, beside the numbers of tasks. */
const CONTEXTS = {
  spout: {
    streams: ['default'],
    'stream->outputfields': { default: ['order', 'number', 'value'] },
    targets: { default: { 'probe-bolt': { type: 'SHUFFLE' } } },
    sources: {},
  },
  bolt: {
    streams: ['nobody', 'out', 'straight'],
    'stream->outputfields': { out: ['order', 'number'], nobody: ['order', 'number'], straight: ['order', 'number'] },
    targets: { out: { 'probe-sink': { type: 'FIELDS', fields: ['order'] } }, straight: { 'probe-sink': { type: 'DIRECT' } } },
    sources: { 'probe-spout': { default: { type: 'SHUFFLE' } } },
  },
  sink: {
    streams: [],
    'stream->outputfields': {},
    targets: {},
    sources: { 'probe-bolt': { out: { type: 'FIELDS', fields: ['order'] }, straight: { type: 'DIRECT' } } },
  },
} as const;

function partOf(run: Run, part: 'conf' | 'context'): Readonly<Record<string, unknown>> {
  const value = run.handshake === undefined ? undefined : keyOf(run.handshake, part);
  return isObject(value) ? value : {};
}

/** A complaint of each process that has one. */
function ofEach(report: Report, complain: (run: Run) => string | undefined): readonly string[] {
  return report.runs.flatMap((run) => {
    const complaint = complain(run);
    return complaint === undefined ? [] : [`the ${run.role} ${complaint}`];
  });
}

function factsOf(run: Run): Readonly<Record<string, unknown>> {
  return run.events('facts')[0] ?? {};
}

/** Leaves out streams without a target, which a host may show or not. */
function withoutEmpty(value: unknown): unknown {
  return isObject(value) ? Object.fromEntries(Object.entries(value).filter(([, inner]) => !isSame(inner, {}))) : value;
}

function groupingsIn(value: unknown): readonly unknown[] {
  return isObject(value) ? Object.values(value).flatMap((inner) => (isObject(inner) ? Object.values(inner) : [])) : [];
}

export const HANDSHAKE_CHECKS: readonly HostCheck[] = [
  {
    id: 'handshake-first',
    title: 'the first message is the handshake, with pidDir, conf and context',
    requirements: ['ML-HS-01'],
    look: (report) =>
      unless(
        ofEach(report, ({ fromHost }) => {
          const frame = fromHost[0]?.frame;
          if (!isObject(frame)) return `read ${show(frame)} first`;
          if (typeof frame['pidDir'] !== 'string') return `got pidDir ${show(frame['pidDir'])}`;
          if (!isObject(frame['conf'])) return `got conf ${show(frame['conf'])}`;
          return isObject(frame['context']) ? undefined : `got context ${show(frame['context'])}`;
        }),
        `${report.runs.length} processes got one`,
      ),
  },
  {
    id: 'handshake-waits',
    title: 'nothing follows the handshake before the component has sent its pid',
    requirements: ['ML-HS-02'],
    look: (report) =>
      unless(
        ofEach(report, ({ lines }) => {
          const pid = lines.findIndex((line) => line.dir === 'component');
          const early = lines.slice(0, pid < 0 ? undefined : pid).filter((line) => line.dir === 'host')[1];
          return early === undefined ? undefined : `was sent ${show(early.frame)} before its pid`;
        }),
        'for 200 ms nothing came',
      ),
  },
  {
    id: 'context-complete',
    title: 'the context tells task, component, tasks, streams and fields',
    requirements: ['ML-HS-13', 'ML-HS-14', 'ML-HS-17'],
    look: (report) =>
      unless(
        ofEach(report, (run) => {
          const context = partOf(run, 'context');
          const { taskid, componentid, streams } = context;
          const tasks = context['task->component'];
          if (componentid !== `probe-${run.role}`) return `is called ${show(componentid)}`;
          if (!Number.isInteger(taskid)) return `has the taskid ${show(taskid)}`;
          if (!isObject(tasks) || tasks[String(taskid)] !== componentid)
            return `finds task ${show(taskid)} in task->component as ${show(isObject(tasks) ? tasks[String(taskid)] : tasks)}`;
          const missing = ['probe-spout', 'probe-bolt', 'probe-sink'].find((name) => !Object.values(tasks).includes(name));
          if (missing !== undefined) return `finds no task of ${missing} in task->component`;
          const expected = CONTEXTS[run.role];
          if (!Array.isArray(streams) || !expected.streams.every((stream) => streams.includes(stream)))
            return `has the streams ${show(streams)}`;
          const fields = context['stream->outputfields'];
          const wrong = Object.entries(expected['stream->outputfields']).find(
            ([stream, names]) => !isObject(fields) || !isSame(fields[stream], names),
          );
          if (wrong !== undefined) return `has stream->outputfields ${show(fields)}`;
          const sources = context['source->stream->fields'];
          const ofSource =
            run.role === 'spout' ? {} : run.role === 'bolt' ? { 'probe-spout': ['default'] } : { 'probe-bolt': ['out', 'straight'] };
          for (const [source, names] of Object.entries(ofSource)) {
            const known = isObject(sources) ? sources[source] : undefined;
            const lost = names.find((stream) => !isObject(known) || !Array.isArray(known[stream]));
            if (lost !== undefined) return `finds no fields of ${source}'s stream ${lost} in source->stream->fields`;
          }
          return undefined;
        }),
        'of all three components',
      ),
  },
  {
    id: 'context-groupings',
    title: 'the context tells who listens to whom, and how',
    requirements: ['ML-HS-15', 'ML-HS-16'],
    look: (report) =>
      unless(
        ofEach(report, (run) => {
          const context = partOf(run, 'context');
          const targets = withoutEmpty(context['stream->target->grouping']);
          const sources = context['source->stream->grouping'];
          const odd = [...groupingsIn(targets), ...groupingsIn(sources)].find(
            (grouping) => !isObject(grouping) || !GROUPINGS.includes(grouping['type']),
          );
          if (odd !== undefined) return `finds the grouping ${show(odd)}`;
          if (!isSame(targets, CONTEXTS[run.role].targets)) return `has stream->target->grouping ${show(targets)}`;
          return isSame(sources, CONTEXTS[run.role].sources) ? undefined : `has source->stream->grouping ${show(sources)}`;
        }),
        'shuffle, fields and direct, in both directions',
      ),
  },
  {
    id: 'conf-passed',
    title: 'the configuration holds the keys of the topology and of the component, unknown ones as they are',
    requirements: ['ML-HS-10'],
    look: (report) =>
      unless(
        ofEach(report, (run) => {
          const conf = partOf(run, 'conf');
          if (!isSame(conf['probe.own'], { nested: [1, 'two', null, 3.5] })) return `has probe.own ${show(conf['probe.own'])}`;
          if (conf['topology.max.spout.pending'] !== 3) return `has topology.max.spout.pending ${show(conf['topology.max.spout.pending'])}`;
          const ticks = conf['topology.tick.tuple.freq.secs'] ?? null;
          return ticks === (run.role === 'bolt' ? 2 : null) ? undefined : `has topology.tick.tuple.freq.secs ${show(ticks)}`;
        }),
        'probe.own came whole, and the bolt alone has ticks',
      ),
  },
  {
    id: 'pid-dir',
    title: 'pidDir is a directory in which the component can leave its file',
    requirements: ['ML-HS-08'],
    look: (report) =>
      unless(
        ofEach(report, (run) => (factsOf(run)['pid_dir'] === 'ok' ? undefined : `could not: ${String(factsOf(run)['pid_dir'])}`)),
        'a file was left by each process',
      ),
  },
  {
    id: 'working-directory',
    title: 'components run in the directory of their resources',
    requirements: ['ML-LC-02'],
    look: (report) =>
      unless(
        ofEach(report, (run) => {
          const { cwd, files } = factsOf(run);
          return Array.isArray(files) && files.includes('probe.py') ? undefined : `ran in ${String(cwd)}, where there is no probe.py`;
        }),
        'probe.py was there',
      ),
  },
  {
    id: 'environment',
    title: 'topology.environment is added to the environment, PATH at the end of the inherited one',
    requirements: ['ML-LC-03'],
    look: (report) =>
      unless(
        ofEach(report, (run) => {
          const { env } = factsOf(run);
          if (!isObject(env) || env['PROBE_ENVIRONMENT'] !== 'passed on')
            return `has PROBE_ENVIRONMENT ${show(isObject(env) ? env['PROBE_ENVIRONMENT'] : env)}`;
          return /.:\/probe\/bin$/.test(String(env['PATH'])) ? undefined : `has PATH ${show(env['PATH'])}`;
        }),
        'both came',
      ),
  },
  {
    id: 'wire-form',
    title: 'messages have the form of their serialization: one line of JSON, or a map with string keys',
    requirements: ['ML-FR-02', 'ML-MP-03'],
    look: (report) => {
      const odd = report.runs.flatMap((run) =>
        run.lines.filter(({ form }) => form !== undefined).map(({ form }) => `the ${run.role} read ${String(form)}`),
      );
      const messages = report.runs.reduce((sum, run) => sum + run.fromHost.length, 0);
      return messages === 0 ? fail('no message came') : unless(odd, `${messages} messages`);
    },
  },
  {
    id: 'stdin-closed',
    title: 'a component is asked to end by the end of its stdin',
    requirements: ['ML-LC-18'],
    look: (report) => {
      const roles = (['spout', 'bolt', 'sink'] as const).filter((role) => report.last(role) !== undefined);
      if (roles.length === 0) return skipped('no process of the probe ran');
      const open = roles.filter((role) => report.last(role)?.events('eof').length === 0);
      return open.length === 0 ? pass('each saw it') : fail(`the ${open.join(', the ')} was ended without it`);
    },
  },
];
