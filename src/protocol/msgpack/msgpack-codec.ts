/**
 * What the host says in MessagePack, wire compatible with pystorm's MsgpackSerializer: the messages of JSON, as bare maps, one behind the other.
 * Invariant: every text returned is a binary string, one character a byte. Implements ML-MP-02 and ML-MP-03.
 */
import type { TupleSource } from '../../model/tuple.js';
import type { HostCodec } from '../codec.js';
import { MsgpackDecoder } from './msgpack-decoder.js';
import { packArrayHeader, packInteger, packJson, packText } from './pack.js';

const TUPLE = `\u0085${packText('id')}`;
const COMMAND = `\u0082${packText('command')}`;
const ID = packText('id');
const HEARTBEAT = `${packText('comp')}\u00c0${packText('stream')}${packText('__heartbeat')}${packText('task')}\u00ff${packText('tuple')}\u0090`;

/** The part of a tuple message between its id and its values, made once for a source. */
const heads = new WeakMap<TupleSource, string>();

function headOf(source: TupleSource): string {
  let head = heads.get(source);
  if (head === undefined) {
    const { component, stream, task } = source;
    head = `${packText('comp')}${packText(component)}${packText('stream')}${packText(stream)}${packText('task')}${packInteger(task)}${packText('tuple')}`;
    heads.set(source, head);
  }
  return head;
}

export const MSGPACK_CODEC: HostCodec = {
  name: 'msgpack',
  encoding: 'latin1',
  createDecoder: (handler) => new MsgpackDecoder(handler),
  handshake: (handshake) => packJson(JSON.stringify(handshake)),
  tuple: (id, source, valuesText) => TUPLE + packText(String(id)) + headOf(source) + packJson(valuesText),
  heartbeat: (id) => TUPLE + packText(id) + HEARTBEAT,
  taskIds: (tasks) => packArrayHeader(tasks.length) + tasks.map(packInteger).join(''),
  spoutCommand: (command) => `${COMMAND}${packText(command)}${ID}\u00a0`,
  verdict: (verdict, idText) => `${COMMAND}${packText(verdict)}${ID}${packJson(idText)}`,
};
