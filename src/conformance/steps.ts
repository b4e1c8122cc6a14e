/**
 * Carries out the steps of a case in a conversation. Invariant: a step waits for what it expects as long as it must and no longer, and what a step does not
 * speak of does not matter to it, so that one mistake of a component fails one check.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ConformanceCase, Step } from './case-file.js';
import type { Conversation, Received } from './conversation.js';
import { encodeJson } from './json-codec.js';
import { fillIn, matches } from './pattern.js';
import { shorten } from './quote.js';
import { reversed } from './setup.js';

export type StepsOutcome =
  | { readonly outcome: 'pass' }
  | { readonly outcome: 'skip'; readonly reason: string }
  | { readonly outcome: 'fail'; readonly expected: string; readonly got: string; readonly from: number };

/** Ends the steps: the component is not as expected. */
class Unmet extends Error {
  constructor(
    readonly expected: string,
    readonly got: string,
  ) {
    super(expected);
  }
}

/** Ends the steps: the case says nothing about this component. */
class NotApplicable extends Error {}

/** Silence of a bolt before a tick follows, for bolts that collect tuples until one. */
const NUDGE_MS = 1000;
const GROUP_POLL_MS = 20;

export class StepRunner {
  readonly #case: ConformanceCase;
  readonly #talk: Conversation;
  readonly #hasFailed: (id: string) => boolean;
  /** Messages before this one belong to other cases of the same conversation. */
  readonly #first: number;
  /** Lines of the transcript before this one do so. */
  readonly #firstLine: number;
  /** Messages before this one have been consumed by expectations. */
  #cursor: number;
  /** How much of this case's transcript there was when the last expectation was met. */
  #metAt = 0;

  /** @param hasFailed whether the check of that id has failed, for steps that depend on it */
  constructor(item: ConformanceCase, talk: Conversation, hasFailed: (id: string) => boolean) {
    this.#case = item;
    this.#talk = talk;
    this.#hasFailed = hasFailed;
    this.#cursor = this.#first = talk.received.length;
    this.#firstLine = talk.transcript.length;
  }

  async run(): Promise<StepsOutcome> {
    try {
      await this.#handshake();
      for (const step of this.#case.steps ?? []) {
        await this.#step(step);
        this.#metAt = this.#talk.transcript.length - this.#firstLine;
      }
      return { outcome: 'pass' };
    } catch (error) {
      if (error instanceof NotApplicable) return { outcome: 'skip', reason: error.message };
      if (error instanceof Unmet) return { outcome: 'fail', expected: error.expected, got: error.got, from: this.#metAt };
      throw error;
    }
  }

  async #handshake(): Promise<void> {
    const { handshake } = this.#case;
    if (handshake?.send === 'none' || this.#talk.monitor.pid !== undefined) return;
    const bytes = this.#talk.encode(fillIn(this.#talk.setup.handshake, this.#talk.resolve));
    if (handshake?.send === 'bytes') await this.#talk.subject.writeBytes(bytes);
    else this.#talk.write(bytes);
    await this.#await(() => this.#talk.monitor.pid !== undefined, 'its pid in answer to the handshake: {"pid":N}');
    this.#metAt = this.#talk.transcript.length - this.#firstLine;
  }

  async #step(step: Step): Promise<void> {
    const { unless_failed: unless } = step;
    if (typeof unless === 'string' && this.#hasFailed(unless)) return;
    if ('send' in step) return this.#send(step);
    if ('expect' in step) return this.#expect(step);
    if ('never' in step) return this.#never(step);
    if ('answered' in step) return this.#answered(step);
    if ('synced' in step) return this.#synced();
    if ('settle' in step) return void (await this.#waitForAnswers(() => this.#talk.monitor.held.length === 0));
    if ('turn' in step) return this.#turn(step);
    if ('works' in step) return this.#works();
    if ('close' in step) return step['close'] === 'stdin' ? this.#talk.closeStdin() : this.#talk.closeStdout();
    if ('exited' in step) return this.#exited(step);
    if ('stderr' in step) return this.#stderr(step);
    if ('group_clean' in step) return this.#groupClean();
    if ('pid_file' in step) return this.#pidFile();
    if ('gap' in step) return this.#gap(step);
    return this.#skipUnless(step);
  }

  async #send(step: Step): Promise<void> {
    const items = (Array.isArray(step['send']) ? step['send'] : [step['send']]) as readonly Step[];
    const times = (step['repeat'] as number | undefined) ?? 1;
    const parts: Buffer[] = [];
    for (let round = 0; round < times; round++) for (const item of items) parts.push(...this.#encode(item));
    const bytes = Buffer.concat(parts);
    if (step['cut'] === 'bytes') await this.#talk.subject.writeBytes(bytes);
    else this.#talk.write(bytes);
  }

  #encode(item: Step): readonly Buffer[] {
    const talk = this.#talk;
    if (typeof item['unless_failed'] === 'string' && this.#hasFailed(item['unless_failed'])) return [];
    if ('raw' in item) return [talk.encodeText(item['raw'] as string)];
    if ('message' in item) return [talk.encode(fillIn(item['message'], talk.resolve))];
    if ('command' in item) {
      talk.monitor.sentCommand();
      const { keys, no_id: noId, unless_failed: _unless, command, ...others } = item as Record<string, unknown>;
      const ordered = noId === true ? { command, ...others } : { command, id: '', ...others };
      return [talk.encode(fillIn(keys === 'reversed' ? reversed(ordered) : ordered, talk.resolve))];
    }
    const id = talk.takeId();
    if ('heartbeat' in item) {
      talk.monitor.sentHeartbeat(id);
      const comp = item['heartbeat'] === 'missing' ? {} : { comp: item['heartbeat'] };
      return [talk.encode({ id, ...comp, stream: '__heartbeat', task: -1, tuple: [] })];
    }
    talk.sentTuple(id, item['as'] as string | undefined, item['awaited'] !== false);
    if ('tick' in item) return [talk.encode(talk.setup.tupleMessage(id, [item['tick']], { comp: '__system', stream: '__tick', task: -1 }))];
    const { tuple, as: _as, unless_failed: _unless, keys, ...change } = item;
    const message = talk.setup.tupleMessage(id, fillIn(tuple, talk.resolve), change);
    return [talk.encode(keys === 'reversed' ? reversed(message) : message)];
  }

  async #expect(step: Step): Promise<void> {
    const { received } = this.#talk;
    const { expect: pattern, without, wire } = step;
    const times = (step['times'] as number | undefined) ?? 1;
    const isMeant = (message: Received): boolean =>
      matches(pattern, message.value, this.#talk.resolve) && (wire === undefined || new RegExp(wire as string, 'su').test(message.wire));
    const expected = (step['say'] as string | undefined) ?? `${times > 1 ? `${times} messages` : 'a message'} like ${this.#show(pattern)}`;
    for (let found = 0; found < times; found++) {
      let looked = this.#cursor;
      let at = -1;
      const look = (): boolean => {
        for (; looked < received.length && at < 0; looked++) {
          const message = received[looked] as Received;
          if (isMeant(message)) at = looked;
          else if (without !== undefined && matches(without, message.value, this.#talk.resolve)) {
            throw new Unmet(expected, `before it ${shorten(encodeJson(message.value))}`);
          }
        }
        return at >= 0;
      };
      const suffix = times > 1 ? ` (${found} of ${times} came)` : '';
      await this.#await(look, `${expected}${suffix}`, step['within_ms'] as number | undefined);
      this.#cursor = at + 1;
      if (typeof step['as'] === 'string') this.#capture(step['as'], received[at] as Received);
    }
  }

  #never(step: Step): void {
    const found = this.#talk.received.slice(this.#first).find(({ value }) => matches(step['never'], value, this.#talk.resolve));
    const expected = (step['say'] as string | undefined) ?? `no message like ${this.#show(step['never'])}`;
    if (found !== undefined) throw new Unmet(expected, shorten(encodeJson(found.value)));
  }

  async #answered(step: Step): Promise<void> {
    const { monitor } = this.#talk;
    const ids = step['answered'] === 'all' ? undefined : (step['answered'] as readonly string[]).map((name) => this.#idOf(name));
    const missing = (): readonly string[] => ids?.filter((id) => monitor.stateOf(id) === 'held') ?? monitor.held;
    if (!(await this.#waitForAnswers(() => missing().length === 0))) {
      // ML-LC-05 has it exit in the middle of a wait for a reply, and then it cannot answer.
      if (this.#talk.lacksReplies) throw new NotApplicable('it asks for task ids, which cannot be told after the end of its stdin');
      const words = missing().length > 5 ? `${missing().length} tuples` : `the tuples with the ids ${missing().join(', ')}`;
      throw new Unmet(`an ack or fail of ${words}`, this.#whyNothing());
    }
    const by = step['by'];
    const wrong = by === undefined ? undefined : ids?.find((id) => monitor.stateOf(id) !== (by === 'ack' ? 'acked' : 'failed'));
    if (wrong !== undefined) throw new Unmet(`${String(by)} of the tuple with the id ${wrong}`, `it was ${monitor.stateOf(wrong)}`);
  }

  /** Waits for answers; a tick follows a silence, for bolts that answer many tuples at a tick. */
  async #waitForAnswers(isDone: () => boolean): Promise<boolean> {
    const talk = this.#talk;
    const { timeoutMs } = talk.setup;
    const mayNudge = talk.setup.kind === 'bolt' && this.#case.nudge !== false && !this.#hasFailed('bolt-tick');
    if (!mayNudge) return talk.until(isDone, timeoutMs);
    const firstMs = Math.min(NUDGE_MS, timeoutMs / 2);
    if (await talk.until(isDone, firstMs)) return true;
    if (talk.exit !== undefined) return false;
    for (const bytes of this.#encode({ tick: 1, awaited: false })) talk.write(bytes);
    return talk.until(isDone, timeoutMs - firstMs);
  }

  async #synced(): Promise<void> {
    const { monitor } = this.#talk;
    await this.#await(() => monitor.syncsOwed === 0, 'a {"command":"sync"} for each heartbeat or command that was sent');
  }

  async #turn(step: Step): Promise<void> {
    const { turn: command, id = '' } = step;
    const times = (step['times'] as number | undefined) ?? 1;
    for (let done = 0; done < times; done++) {
      for (const bytes of this.#encode({ command, id })) this.#talk.write(bytes);
      await this.#await(() => this.#talk.monitor.syncsOwed === 0, `{"command":"sync"} in answer to ${String(command)}`);
    }
  }

  /** The component still does its work. */
  async #works(): Promise<void> {
    if (this.#talk.setup.kind === 'spout') return this.#turn({ turn: 'next' });
    await this.#send({ send: { tuple: '$input' } });
    await this.#answered({ answered: 'all' });
  }

  async #exited(step: Step): Promise<void> {
    const talk = this.#talk;
    const wanted = step['exited'] as 'any' | 'zero' | 'nonzero';
    const words = { any: 'that it exits', zero: 'that it exits with status 0', nonzero: 'that it exits with a status other than 0' }[
      wanted
    ];
    const expected = (step['say'] as string | undefined) ?? words;
    const hasExited = (): boolean => talk.exit !== undefined;
    if (!(await talk.until(hasExited, talk.setup.timeoutMs))) throw new Unmet(expected, `it still runs after ${talk.setup.timeoutMs} ms`);
    const { code, signal } = talk.exit as NonNullable<typeof talk.exit>;
    const isMet = wanted === 'any' || (wanted === 'zero' ? code === 0 : code !== undefined && code !== 0);
    if (!isMet) throw new Unmet(expected, signal === undefined ? `it exited with status ${code}` : `it was ended by ${signal}`);
  }

  async #stderr(step: Step): Promise<void> {
    const pattern = new RegExp(step['stderr'] as string, 'su');
    const isThere = (): boolean => pattern.test(this.#talk.stderr);
    const expected = (step['say'] as string | undefined) ?? `text on stderr that matches ${pattern.source}`;
    // The exit may be known before the last of stderr is read.
    if (!(await this.#talk.until(isThere, this.#talk.setup.timeoutMs, true)))
      throw new Unmet(expected, `on stderr: ${shorten(this.#talk.stderr)}`);
  }

  async #groupClean(): Promise<void> {
    const deadlineMs = performance.now() + this.#talk.setup.timeoutMs;
    while (this.#talk.subject.isGroupAlive()) {
      if (performance.now() > deadlineMs)
        throw new Unmet('that nothing of its process group is left after its exit', 'a process that it started still runs');
      await new Promise((resolve) => setTimeout(resolve, GROUP_POLL_MS));
    }
  }

  async #pidFile(): Promise<void> {
    const { monitor, setup } = this.#talk;
    // The file may be made just after the pid is sent, so the first piece of work comes first.
    await this.#works();
    const path = join(setup.pidDir, String(monitor.pid));
    if (!existsSync(path)) throw new Unmet(`a file named ${monitor.pid} in the directory pidDir`, 'there is none');
  }

  #gap(step: Step): void {
    const [first, second] = (step['gap'] as readonly [string, string]).map((name) => this.#talk.capturedAtMs.get(name) as number) as [
      number,
      number,
    ];
    const least = step['at_least_ms'] as number;
    if (second - first < least) throw new Unmet(step['say'] as string, `they came ${Math.round(second - first)} ms apart`);
  }

  #skipUnless(step: Step): void {
    const { received, resolve } = this.#talk;
    if (!received.slice(this.#first).some(({ value }) => matches(step['skip_unless'], value, resolve)))
      throw new NotApplicable(step['reason'] as string);
  }

  async #await(isTrue: () => boolean, expected: string, withinMs: number = this.#talk.setup.timeoutMs): Promise<void> {
    if (!(await this.#talk.until(isTrue, withinMs))) throw new Unmet(expected, this.#whyNothing());
  }

  #whyNothing(): string {
    const { exit, setup } = this.#talk;
    if (exit === undefined) return `nothing of the kind within ${setup.timeoutMs} ms`;
    return exit.signal === undefined ? `it exited with status ${exit.code} instead` : `it was ended by ${exit.signal} instead`;
  }

  /** Remembers a message under a name: `$name` is its text, `$name.key` that of one key. */
  #capture(name: string, message: Received): void {
    this.#talk.capturedAtMs.set(name, message.atMs);
    for (const [key, text] of message.texts) this.#talk.names.set(`${name}.${key}`, text);
  }

  #idOf(name: string): string {
    const text = this.#talk.names.get(name);
    if (text === undefined) throw new Error(`case ${this.#case.id} waits for the answer of ${name}, which it has not sent`);
    return JSON.parse(text) as string;
  }

  #show(pattern: unknown): string {
    return shorten(encodeJson(fillIn(pattern, (name) => (this.#talk.names.has(name) ? this.#talk.resolve(name) : `"$${name}"`))));
  }
}
