/** What a conversation starts from: the command, the handshake, the input. Invariant: made from the case and the shared handshake data alone, so a check can be repeated. */
import { readFileSync } from 'node:fs';
import type { ChildCommand, Spawn } from '../component/child.js';
import type { FifoPool } from '../component/fifo-pool.js';
import type { ConformanceCase, Program } from './case-file.js';
import type { WireCodec } from './codec.js';
import { MULTILANG } from './requirements.js';
import type { Kind } from './rule-monitor.js';

export interface Launcher {
  readonly spawn: Spawn;
  readonly pool: FifoPool;
}

export interface ConversationSetup {
  readonly kind: Kind;
  readonly command: ChildCommand;
  readonly codec: WireCodec;
  readonly handshake: Readonly<Record<string, unknown>>;
  readonly pidDir: string;
  readonly replies: 'auto' | 'hold' | 'late';
  readonly wideIds: boolean;
  readonly inputs: readonly Input[];
  readonly timeoutMs: number;
  tupleMessage(id: string, values: unknown, change?: Readonly<Record<string, unknown>>): Record<string, unknown>;
  oddInput(variant: string): readonly unknown[];
}

/** The values of one input tuple. */
export type Input = readonly unknown[];

interface SharedHandshakes {
  readonly conf: Readonly<Record<string, unknown>>;
  readonly bolt: Readonly<Record<string, unknown>>;
  readonly spout: Readonly<Record<string, unknown>>;
}

let shared: SharedHandshakes | undefined;

/** Input of any bolt when the user gives none: a text, as most first bolts take one. */
export const DEFAULT_INPUTS: readonly Input[] = [['the cow jumped over the moon'], ['an apple a day'], ['four score and seven years ago']];
/** Input of the reference bolts. */
export const ECHO_INPUTS: readonly Input[] = DEFAULT_INPUTS.map((values) => ['echo', ...values]);

/** The first message of the host for this case. */
export function handshakeFor(kind: Kind, change: ConformanceCase['handshake'], pidDir: string): Record<string, unknown> {
  shared ??= JSON.parse(readFileSync(new URL('cases/shared/handshake.json', MULTILANG), 'utf8')) as SharedHandshakes;
  const { conf = {}, context = {}, extra = {}, keys } = change ?? {};
  const message = { pidDir, conf: { ...shared.conf, ...conf }, context: { ...shared[kind], ...context }, ...extra };
  return keys === 'reversed' ? reversed(message) : message;
}

/** The message that brings these values. @param change keys that replace or join the usual ones */
export function tupleMessage(id: string, values: unknown, change: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { id, comp: 'lines', stream: 'default', task: 4, tuple: values, ...change };
}

/** The object with its keys the other way round. */
export function reversed(message: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(message).reverse());
}

/** An input with its last text, or its last value, replaced by something a careless component stumbles over. */
export function oddInput(input: Input, variant: string): Input {
  const value = ODD_VALUES[variant];
  if (value === undefined) throw new Error(`there is no variant ${variant} of an input`);
  const lastText = input.findLastIndex((item) => typeof item === 'string');
  const at = lastText > 0 || input.length === 1 ? Math.max(lastText, 0) : input.length - 1;
  return input.map((item, index) => (index === at ? value : item));
}

const ODD_VALUES: Readonly<Record<string, unknown>> = {
  big: 'The quick brown fox. '.repeat(50_000),
  end: 'before\nend\nafter',
  unicode: 'naïve 漢字 🐄 \u2028 \u0000 \u007f "\\/\b\t',
  empty: '',
  number: -12.5,
  null: null,
  nested: { list: [true, null, { deep: [] }], text: 'x' },
};

/** The program's own command: `{}` in an argument stands for the program's name. */
export function argvFor(argv: readonly string[], program: Program | undefined): readonly string[] {
  return program === undefined ? argv : argv.map((word) => word.replaceAll('{}', program));
}
