/**
 * `polybolt conform-host`: writes the probe out, and judges what it found. Invariant: the run in between is the host's own affair; exit status 0 means that
 * nothing failed.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import pc from 'picocolors';
import { type HostVerdict, judgeHost } from '../../conformance/host/judge-host.js';
import { probeFiles, reportPath } from '../../conformance/host/probe-files.js';
import { parseReport, type Report } from '../../conformance/host/report.js';
import { loadRequirements } from '../../conformance/requirements.js';
import { PolyboltError } from '../../model/errors.js';
import { EXIT } from '../exit-codes.js';

export interface ConformHostOptions {
  readonly componentDir?: string;
  readonly report?: string;
  readonly reporter?: string;
}

export function conformHostCommand(options: ConformHostOptions): number {
  const { componentDir, report, reporter = 'pretty' } = options;
  if ((componentDir === undefined) === (report === undefined)) {
    throw new PolyboltError('PB_USAGE', {
      message: 'conform-host takes either --component-dir or --report',
      hint: 'first --component-dir DIR, then run DIR/topology.yaml on the host, then --report DIR/report-json.ndjson',
    });
  }
  if (reporter !== 'pretty' && reporter !== 'json') {
    throw new PolyboltError('PB_USAGE', { message: `--reporter ${reporter} is none`, hint: 'there are pretty and json' });
  }
  return componentDir === undefined ? judge(report as string, reporter) : writeOut(resolve(componentDir));
}

function writeOut(directory: string): number {
  mkdirSync(directory, { recursive: true });
  for (const { name, text } of probeFiles(directory)) writeFileSync(join(directory, name), text);
  // Findings of an earlier run would be judged with those of the next.
  for (const serializer of ['json', 'msgpack'] as const) rmSync(reportPath(directory, serializer), { force: true });
  process.stdout.write(`The probe is in ${directory}. Have the host run topology.yaml until nothing moves any more (half a minute), for instance:

  polybolt run ${join(directory, 'topology.yaml')} --until-idle 2s
  polybolt conform-host --report ${reportPath(directory, 'json')}

topology-msgpack.yaml is the same in MessagePack and reports to ${reportPath(directory, 'msgpack')}.
`);
  return EXIT.done;
}

function judge(path: string, reporter: 'pretty' | 'json'): number {
  const verdicts = judgeHost(readReport(path), loadRequirements());
  for (const verdict of verdicts) process.stdout.write(reporter === 'json' ? `${JSON.stringify(verdict)}\n` : pretty(verdict));
  const count = (outcome: HostVerdict['outcome']): number => verdicts.filter((verdict) => verdict.outcome === outcome).length;
  const isGood = count('fail') === 0;
  if (reporter === 'pretty') {
    const word = isGood ? pc.green('conforms') : pc.red('does not conform');
    process.stdout.write(`\n${word}: host, ${count('pass')} passed, ${count('fail')} failed, ${count('skipped')} skipped\n`);
  }
  return isGood ? EXIT.done : EXIT.failed;
}

function readReport(path: string): Report {
  try {
    return parseReport(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new PolyboltError('PB_USAGE', {
      message: `${path} cannot be read as a report: ${error instanceof Error ? error.message : String(error)}`,
      hint: 'a run of the probe writes it, where probe.report: of its topology says',
      cause: error,
    });
  }
}

function pretty({ id, title, outcome, seen, requirements }: HostVerdict): string {
  const mark = outcome === 'pass' ? pc.green('pass  ') : outcome === 'fail' ? pc.red('FAIL  ') : pc.yellow('skip  ');
  const head = `${mark} ${id}  ${title}${outcome === 'fail' ? '' : pc.dim(` (${seen})`)}\n`;
  if (outcome !== 'fail') return head;
  const rules = requirements.map((rule) => `       ${pc.dim(rule.id)}  ${rule.text} ${pc.dim(`(source: ${rule.source})`)}\n`);
  return `${head}       ${pc.dim('seen ')}  ${seen}\n${rules.join('')}`;
}
