/**
 * Finds out whether a component is a bolt or a spout by how it takes a tuple, and a command. Invariant: each question goes to a process of its own, as the wrong one
 * may end it.
 */
import type { ConformanceCase } from './case-file.js';
import type { Conversation } from './conversation.js';
import type { Judge } from './judge.js';
import type { Kind } from './rule-monitor.js';

const QUESTION: ConformanceCase = { id: 'kind', title: '', kind: 'both', level: 'any', requirements: [], advice: '' };
/** How long a component that has answered a heartbeat may still show that it is a spout. */
const DOUBT_MS = 500;

/** @returns undefined when neither answers as it should */
export async function findKind(judge: Judge, timeoutMs: number): Promise<Kind | undefined> {
  const [bolt, spout] = await Promise.all([judge.converse(QUESTION, 'bolt'), judge.converse(QUESTION, 'spout')]);
  try {
    for (const talk of [bolt, spout]) talk.write(talk.encode(talk.setup.handshake));
    const asked = [askBolt(bolt, timeoutMs), askSpout(spout, timeoutMs)];
    return await firstAnswer(asked);
  } finally {
    await Promise.all([bolt.end(), spout.end()]);
  }
}

async function askBolt(talk: Conversation, timeoutMs: number): Promise<Kind | undefined> {
  if (!(await talk.until(() => talk.monitor.pid !== undefined, timeoutMs))) return undefined;
  const tuple = talk.takeId();
  talk.sentTuple(tuple, undefined);
  talk.write(talk.encode(talk.setup.tupleMessage(tuple, JSON.parse(talk.resolve('input') as string))));
  const heartbeat = talk.takeId();
  talk.monitor.sentHeartbeat(heartbeat);
  talk.write(talk.encode({ id: heartbeat, comp: null, stream: '__heartbeat', task: -1, tuple: [] }));
  const isAnswered = (): boolean => talk.monitor.held.length === 0;
  if (await talk.until(() => isAnswered() || talk.monitor.syncsOwed === 0, timeoutMs)) {
    // A spout may answer whatever it does not know by sync: only ack and fail are a bolt's alone.
    await talk.until(isAnswered, DOUBT_MS);
    // A spout of pystorm's sends a sync when it dies of what it cannot read.
    return isAnswered() || talk.exit === undefined ? 'bolt' : undefined;
  }
  return undefined;
}

async function askSpout(talk: Conversation, timeoutMs: number): Promise<Kind | undefined> {
  if (!(await talk.until(() => talk.monitor.pid !== undefined, timeoutMs))) return undefined;
  talk.monitor.sentCommand();
  talk.write(talk.encode({ command: 'next', id: '' }));
  return (await talk.until(() => talk.monitor.syncsOwed === 0, timeoutMs)) ? 'spout' : undefined;
}

function firstAnswer(asked: readonly Promise<Kind | undefined>[]): Promise<Kind | undefined> {
  return new Promise((resolve, reject) => {
    let open = asked.length;
    for (const answer of asked) {
      answer.then((kind) => {
        open--;
        if (kind !== undefined || open === 0) resolve(kind);
      }, reject);
    }
  });
}
