/**
 * Watches one conversation for what a component must never do, whatever the case at hand is about. Invariant: it judges only by what the component
 * has said and been told so far, and never changes the conversation. Judges ML-BO, ML-EM, ML-HB, ML-SP and ML-LG on the component's side.
 */
import type { Finding, WireMessage } from './codec.js';
import { formFindings } from './message-form.js';
import { quote } from './quote.js';

export type Kind = 'bolt' | 'spout';
type TupleState = 'held' | 'acked' | 'failed';

const BOLT_COMMANDS = ['emit', 'ack', 'fail', 'sync', 'log', 'error', 'metrics'];
const SPOUT_COMMANDS = ['emit', 'sync', 'log', 'error', 'metrics'];

export class RuleMonitor {
  readonly #kind: Kind;
  readonly #tuples = new Map<string, TupleState>();
  readonly #awaited = new Set<string>();
  readonly #heartbeats = new Set<string>();
  readonly #seen = new Set<string>();
  #pid: number | undefined;
  #syncs = 0;
  #syncsOwed = 0;
  #surplusTold = 0;

  constructor(kind: Kind) {
    this.#kind = kind;
  }

  get pid(): number | undefined {
    return this.#pid;
  }

  /** Heartbeats or commands that no sync has answered yet. */
  get syncsOwed(): number {
    return this.#syncsOwed;
  }

  /** Commands that the component has used. */
  get seen(): ReadonlySet<string> {
    return this.#seen;
  }

  /** A tuple or tick is on its way to the component. @param isAwaited whether its answer is waited for */
  sentTuple(id: string, isAwaited: boolean): void {
    this.#tuples.set(id, 'held');
    if (isAwaited) this.#awaited.add(id);
  }

  sentHeartbeat(id: string): void {
    this.#heartbeats.add(id);
    this.#syncsOwed++;
  }

  sentCommand(): void {
    this.#syncsOwed++;
  }

  stateOf(id: string): TupleState | undefined {
    return this.#tuples.get(id);
  }

  /** Ids of tuples whose answer is waited for. */
  get held(): readonly string[] {
    return [...this.#awaited];
  }

  /** What is wrong with this message; its effect is taken note of. */
  judge(message: WireMessage): readonly Finding[] {
    const { value } = message;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
    const fields = value as Readonly<Record<string, unknown>>;
    if (typeof fields['command'] !== 'string') return 'pid' in fields ? this.#onPid(fields['pid']) : [];
    const command = fields['command'];
    const known = this.#kind === 'bolt' ? BOLT_COMMANDS : SPOUT_COMMANDS;
    const findings: Finding[] = [];
    if (this.#pid === undefined && this.#seen.size === 0) {
      findings.push({ kind: 'pid-late', detail: `the first message is ${command} and not the pid` });
    }
    this.#seen.add(command);
    if (!known.includes(command))
      return [...findings, { kind: 'unknown-command', detail: `the command ${quote(command)}, which a ${this.#kind} does not have` }];
    findings.push(...formFindings(fields, this.#kind));
    if (command === 'ack' || command === 'fail') findings.push(...this.#onAnswer(command, fields['id'], message.texts.get('id') ?? ''));
    else if (command === 'emit' && this.#kind === 'bolt') findings.push(...this.#onAnchors(fields['anchors']));
    else if (command === 'sync') findings.push(...this.#onSync());
    if (command !== 'sync' && this.#kind === 'spout' && this.#syncsOwed === 0 && this.#syncs > 0) {
      findings.push({ kind: 'late-output', detail: `${command} between the sync of one command and the next command` });
    }
    return findings;
  }

  #onPid(pid: unknown): readonly Finding[] {
    if (this.#pid !== undefined) return [{ kind: 'pid-twice', detail: `a second pid, ${quote(JSON.stringify(pid))}` }];
    if (!Number.isInteger(pid)) return [{ kind: 'pid-form', detail: `the pid ${quote(JSON.stringify(pid) ?? '')}, which is no integer` }];
    this.#pid = pid as number;
    return [];
  }

  #onAnswer(command: 'ack' | 'fail', id: unknown, idText: string): readonly Finding[] {
    // A number is taken by its characters: as a double it would lose some, and be another id.
    const text = typeof id === 'number' ? idText : String(id);
    if (this.#heartbeats.has(text))
      return [{ kind: 'heartbeat-answered', detail: `${command} of the heartbeat ${quote(text)}, which is answered by sync alone` }];
    const state = this.#tuples.get(text);
    if (state === undefined) return [{ kind: 'answer-unknown', detail: `${command} of the id ${quote(text)}, which no tuple had` }];
    if (state !== 'held')
      return [{ kind: 'answer-twice', detail: `${command} of the tuple ${quote(text)}, which had been ${state} already` }];
    this.#tuples.set(text, command === 'ack' ? 'acked' : 'failed');
    this.#awaited.delete(text);
    return typeof id === 'string'
      ? []
      : [{ kind: 'answer-unknown', detail: `${command} with the id ${text}, which is not the string it was sent as` }];
  }

  #onAnchors(anchors: unknown): readonly Finding[] {
    const ids = typeof anchors === 'string' ? [anchors] : Array.isArray(anchors) ? anchors.map(String) : [];
    if (ids.length > 0) this.#seen.add('anchor');
    return ids.flatMap((id): Finding[] => {
      if (this.#heartbeats.has(id)) return [{ kind: 'heartbeat-answered', detail: `an emit anchored to the heartbeat ${quote(id)}` }];
      const state = this.#tuples.get(id);
      if (state === undefined) return [{ kind: 'anchor-unknown', detail: `an emit anchored to the id ${quote(id)}, which no tuple had` }];
      return state === 'held'
        ? []
        : [{ kind: 'anchor-finished', detail: `an emit anchored to the tuple ${quote(id)}, which had been ${state} already` }];
    });
  }

  #onSync(): readonly Finding[] {
    this.#syncs++;
    if (this.#syncsOwed > 0) {
      this.#syncsOwed--;
      return [];
    }
    this.#surplusTold++;
    const answers = this.#kind === 'bolt' ? 'heartbeats' : 'commands';
    return [{ kind: 'sync-surplus', detail: `sync number ${this.#syncs} after ${this.#syncs - this.#surplusTold} ${answers}` }];
  }
}
