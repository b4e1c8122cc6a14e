/**
 * Judges a component: runs the checks' conversations side by side, then what was seen in all of them. Invariant: a check whose premise has failed is skipped and not
 * failed, so that one mistake is reported once; no process outlives the judgement.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConformanceCase } from './case-file.js';
import { dependenciesOf } from './case-file.js';
import type { Finding, WireCodec } from './codec.js';
import { Conversation, describeLine } from './conversation.js';
import { Gate } from './gate.js';
import { shellWords, shorten } from './quote.js';
import type { Requirement } from './requirements.js';
import type { Kind } from './rule-monitor.js';
import { argvFor, DEFAULT_INPUTS, ECHO_INPUTS, handshakeFor, type Input, type Launcher, oddInput, tupleMessage } from './setup.js';
import { StepRunner, type StepsOutcome } from './steps.js';
import type { RecordedLine } from './transcript.js';
import type { Check, Evidence, Verdict } from './verdict.js';

export interface JudgeOptions {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly codec: WireCodec;
  readonly timeoutMs: number;
  /** Conversations at the same time. */
  readonly concurrency: number;
  /** Input tuples of a bolt; the reference bolts have their own. */
  readonly inputs: readonly Input[] | undefined;
  /** Options of the command line that a repetition needs too. */
  readonly repeatOptions: readonly string[];
  readonly requirements: ReadonlyMap<string, Requirement>;
  readonly launcher: Launcher;
}

/** What came of the conversation of one check, or of its part in one that several share. */
interface Held {
  readonly check: Check;
  readonly talk: Conversation;
  readonly outcome: StepsOutcome;
  readonly findings: readonly Finding[];
  readonly transcript: readonly RecordedLine[];
}

const SENT_SHOWN_MAX = 6;
const CAME_SHOWN_MAX = 12;
const STDERR_SHOWN_CHARS = 2000;

export class Judge {
  readonly #options: JudgeOptions;
  readonly #gate: Gate;
  readonly #scratch = mkdtempSync(join(tmpdir(), 'polybolt-conform-'));
  readonly #verdicts = new Map<string, Promise<Verdict>>();
  readonly #failed = new Set<string>();
  readonly #held: Held[] = [];
  /** Conversations that checks have left as they found them, by program. */
  readonly #idle = new Map<string, Conversation[]>();
  #conversations = 0;

  constructor(options: JudgeOptions) {
    this.#options = options;
    this.#gate = new Gate(options.concurrency);
  }

  /**
   * @param checks those to report
   * @param background checks that are run for what may be seen in them, and not reported
   * @param onVerdict called in the order of `checks` as verdicts come
   */
  async judge(checks: readonly Check[], background: readonly Check[], onVerdict: (verdict: Verdict) => void): Promise<readonly Verdict[]> {
    const all = new Map([...checks, ...background].map((check) => [check.key, check]));
    const talks = [...all.values()].filter((check) => check.case.watch === undefined);
    const running = talks.map((check) => this.#start(check, all));
    const conversationsEnded = Promise.all(running);
    conversationsEnded.catch(() => {}); // Awaited below, maybe later than it is rejected.
    const verdicts: Verdict[] = [];
    try {
      for (const check of checks) {
        const verdict = await (this.#verdicts.get(check.key) ?? conversationsEnded.then(() => this.#watched(check)));
        verdicts.push(verdict);
        onVerdict(verdict);
      }
    } finally {
      await Promise.allSettled(running);
      await Promise.all([...this.#idle.values()].flat().map((talk) => talk.end()));
    }
    return verdicts;
  }

  close(): void {
    rmSync(this.#scratch, { recursive: true, force: true });
  }

  /** One conversation outside of any check, for instance to find out the kind. The caller ends it. */
  async converse(item: ConformanceCase, kind: Kind, check?: Check): Promise<Conversation> {
    const { argv, cwd, env, codec, timeoutMs, inputs, launcher } = this.#options;
    const pidDir = join(this.#scratch, String(this.#conversations++));
    if (item.handshake?.pid_dir !== 'missing') mkdirSync(pidDir);
    const used = check?.program === undefined ? (inputs ?? DEFAULT_INPUTS) : ECHO_INPUTS;
    const talk = new Conversation({
      kind,
      command: { argv: argvFor(argv, check?.program), cwd, env },
      codec,
      handshake: handshakeFor(kind, item.handshake, pidDir),
      pidDir,
      replies: item.replies ?? 'auto',
      wideIds: item.ids === 'wide',
      inputs: used,
      timeoutMs,
      tupleMessage,
      oddInput: (variant) => oddInput(used[0] as Input, variant),
    });
    await talk.launch(launcher);
    return talk;
  }

  #start(check: Check, all: ReadonlyMap<string, Check>): Promise<Verdict> {
    const known = this.#verdicts.get(check.key);
    if (known !== undefined) return known;
    const premises = dependenciesOf(check.case).flatMap((id) => premiseOf(check, id, all) ?? []);
    const verdict = this.#run(check, Promise.all(premises.map((premise) => this.#start(premise, all))));
    this.#verdicts.set(check.key, verdict);
    return verdict;
  }

  async #run(check: Check, premises: Promise<readonly Verdict[]>): Promise<Verdict> {
    const before = await premises;
    const broken = before.find((premise) => check.case.after?.includes(premise.check.case.id) && isBroken(premise));
    if (broken !== undefined) return { check, outcome: 'skipped', reason: `says nothing as long as ${broken.check.key} fails`, ms: 0 };
    return this.#gate.run(async () => {
      const startMs = performance.now();
      const talk = (check.case.shared === true ? this.#takeIdle(check) : undefined) ?? (await this.converse(check.case, check.kind, check));
      const { findings, transcript } = { findings: talk.findings.length, transcript: talk.transcript.length };
      let outcome: StepsOutcome | undefined;
      try {
        const suffix = check.program === undefined ? '' : `@${check.program}`;
        outcome = await new StepRunner(check.case, talk, (id) => this.#failed.has(`${id}${suffix}`)).run();
      } finally {
        if (check.case.shared === true && outcome?.outcome === 'pass' && talk.exit === undefined) this.#leaveIdle(check, talk);
        else await talk.end();
      }
      const held = { check, talk, outcome, findings: talk.findings.slice(findings), transcript: talk.transcript.slice(transcript) };
      this.#held.push(held);
      return this.#verdictOf(held, performance.now() - startMs);
    });
  }

  #takeIdle({ program }: Check): Conversation | undefined {
    const talk = this.#idle.get(program ?? '')?.pop();
    // It may have died since, of what another check has done; whoever needs it next starts afresh.
    return talk?.exit === undefined ? talk : undefined;
  }

  #leaveIdle({ program }: Check, talk: Conversation): void {
    const key = program ?? '';
    this.#idle.set(key, [...(this.#idle.get(key) ?? []), talk]);
  }

  #verdictOf(held: Held, ms: number): Verdict {
    const { check, outcome, transcript, findings } = held;
    if (outcome.outcome === 'pass') return { check, outcome: 'pass', ms };
    if (outcome.outcome === 'skip') return { check, outcome: 'skipped', reason: outcome.reason, ms };
    this.#failed.add(check.key);
    const came = transcript.filter((line, index) => line.dir === 'component' && index >= outcome.from);
    const odd = findings.map(({ detail }) => `not as written: ${detail}`);
    const evidence = this.#evidence(held, [check], {
      expected: outcome.expected,
      reason: outcome.got,
      came: [...came.slice(-CAME_SHOWN_MAX).map((line) => shorten(describeLine(line))), ...odd.slice(0, 3)],
    });
    return { check, outcome: this.#severityOf(check), evidence, ms };
  }

  /** The verdict on a rule that holds in every conversation. */
  #watched(check: Check): Verdict {
    const { watch = [], needs, after = [] } = check.case;
    const suffix = check.program === undefined ? '' : `@${check.program}`;
    const broken = after.find((id) => this.#failed.has(`${id}${suffix}`));
    if (broken !== undefined) return { check, outcome: 'skipped', reason: `says nothing as long as ${broken}${suffix} fails`, ms: 0 };
    const held = this.#held.filter((item) => item.check.kind === check.kind);
    if (held.length === 0) return { check, outcome: 'skipped', reason: 'no conversation took place', ms: 0 };
    for (const seen of held) {
      // What is odd in a conversation that failed by itself is most likely the same mistake.
      if (seen.outcome.outcome === 'fail') continue;
      const found = seen.findings.find(({ kind }) => watch.includes(kind));
      if (found === undefined) continue;
      this.#failed.add(check.key);
      const evidence = this.#evidence({ ...seen, check }, [check, seen.check], {
        expected: check.case.title,
        reason: `${found.detail} (seen in the check ${seen.check.key})`,
        came: seen.transcript
          .filter((line) => line.dir === 'component')
          .slice(-CAME_SHOWN_MAX)
          .map((line) => shorten(describeLine(line))),
      });
      return { check, outcome: this.#severityOf(check), evidence, ms: 0 };
    }
    if (needs !== undefined && !held.some(({ talk }) => talk.monitor.seen.has(needs.seen)))
      return { check, outcome: 'skipped', reason: needs.reason, ms: 0 };
    // What nobody answered the handshake with is no merit.
    if (!held.some(({ talk }) => talk.received.length > 0)) return { check, outcome: 'skipped', reason: 'it has sent no message', ms: 0 };
    return { check, outcome: 'pass', ms: 0 };
  }

  #severityOf({ case: { severity, requirements } }: Check): 'fail' | 'non-strict' {
    if (severity !== undefined) return severity;
    return this.#options.requirements.get(requirements[0] as string)?.level === 'MUST' ? 'fail' : 'non-strict';
  }

  #evidence({ check, talk, transcript }: Held, repeat: readonly Check[], facts: Pick<Evidence, 'expected' | 'reason' | 'came'>): Evidence {
    const sent = transcript.filter((line) => line.dir === 'host').map((line) => shorten(describeLine(line)));
    const cases = repeat.flatMap(({ key }) => ['--case', key]);
    return {
      ...facts,
      requirements: check.case.requirements.map((id) => this.#options.requirements.get(id) as Requirement),
      sent:
        sent.length > SENT_SHOWN_MAX
          ? [sent[0] as string, `(${sent.length - SENT_SHOWN_MAX} more)`, ...sent.slice(1 - SENT_SHOWN_MAX)]
          : sent,
      advice: check.case.advice,
      repeat: shellWords(['polybolt', 'conform', ...this.#options.repeatOptions, ...cases, '--', ...this.#options.argv]),
      stderr: talk.stderr.slice(-STDERR_SHOWN_CHARS),
      transcript,
    };
  }
}

function isBroken({ outcome, reason }: Verdict): boolean {
  return outcome === 'fail' || (outcome === 'skipped' && reason?.startsWith('says nothing as long as') === true);
}

/** The check of that case for the same program, if it is run. */
function premiseOf(check: Check, id: string, all: ReadonlyMap<string, Check>): Check | undefined {
  return all.get(check.program === undefined ? id : `${id}@${check.program}`);
}
