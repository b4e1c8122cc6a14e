/**
 * The two links of this worker with one peer, one for each direction, and what waits for it. Invariant: when either link is lost, both are, and nothing that was sent before is
 * delivered after: both ends hear `onLost`, and what the two have counted since adds up again.
 *
 * Hot path: `send` once for each batch.
 */
import type { WorkerLaunch } from '../membership/fence.js';
import type { Versions } from '../model/cluster-records.js';
import { LINK_FRAMES_UNWRITTEN_MAX, LINK_HARD_FACTOR, LINK_QUEUE_BYTES_MAX } from '../model/limits.js';
import type { Log } from '../model/log.js';
import { BatchDecoder } from './batch-decoder.js';
import { BatchEncoder } from './batch-encoder.js';
import { BatchQueue } from './batch-queue.js';
import type { FrameBufferPool } from './frame-buffers.js';
import type { Link } from './link.js';
import type { Batch, TransportEvents } from './transport.js';

export interface PeerPorts {
  readonly self: WorkerLaunch;
  readonly versions: Versions;
  readonly buffers: FrameBufferPool;
  readonly events: TransportEvents;
  readonly log: Log;
}

export class PeerLinks {
  readonly incarnation: string;
  readonly #ports: PeerPorts;
  readonly #queue = new BatchQueue();
  #out: Link | undefined;
  #encoder: BatchEncoder | undefined;
  #in: Link | undefined;
  #decoder: BatchDecoder | undefined;
  #isCongested = true;
  #isOverflowing = false;
  #isClosed = false;

  /** Says at once that the peer is congested: it is not there yet. */
  constructor(incarnation: string, ports: PeerPorts) {
    this.incarnation = incarnation;
    this.#ports = ports;
    ports.events.onCongestion(incarnation, true);
  }

  // Hot path: once for every batch.
  send(batch: Batch): void {
    if (this.#isOverflowing) return;
    const isFirst = this.#queue.first === undefined;
    this.#queue.push(batch);
    this.#pump();
    if (!isFirst && this.#queue.bytes > LINK_HARD_FACTOR * LINK_QUEUE_BYTES_MAX) this.#overflow();
    else this.#tellCongestion();
  }

  /**
   * Takes a link on which this worker sends, or one on which it receives. What there was of that direction is lost, and with it the other direction.
   * @param isSuccessor an earlier launch of the peer was known
   */
  attach(link: Link, isSuccessor: boolean): void {
    if (isSuccessor) this.lose('a later launch of the peer is there');
    else if ((link.isSender ? this.#out : this.#in) !== undefined) this.lose('the peer has come again');
    const { self, versions, buffers, log } = this.#ports;
    log.info('link.up', { peer: this.incarnation, launch: link.other.launch, direction: link.isSender ? 'out' : 'in' });
    if (!link.isSender) {
      this.#in = link;
      this.#decoder = new BatchDecoder(versions);
      return;
    }
    this.#out = link;
    this.#encoder = new BatchEncoder({ from: self, to: link.other }, versions, buffers, (_tuple, error) =>
      log.error('tuple.unsendable', { code: error.code, reason: error.message, ...error.context }),
    );
    this.#pump();
    this.#tellCongestion();
  }

  /** The decoder of a link that is the one to receive on. */
  decoderOf(link: Link): BatchDecoder | undefined {
    return link === this.#in ? this.#decoder : undefined;
  }

  /** A link of its own has ended. One that it has parted with already means nothing. */
  onEnd(link: Link, reason: string): void {
    if (link === this.#out || link === this.#in) this.lose(reason);
  }

  /** Parts with both links, forgets what waits, and says so. */
  lose(reason: string): void {
    if (this.#isClosed) return;
    this.#ports.log.warn('link.lost', {
      peer: this.incarnation,
      launch: (this.#out ?? this.#in)?.other.launch,
      reason,
      queuedBytes: this.#queue.bytes,
    });
    this.#part(reason);
    this.#tellCongestion();
    this.#ports.events.onLost(this.incarnation);
  }

  /** It is no peer any more. */
  close(): void {
    this.#isClosed = true;
    this.#part('no peer any more');
  }

  #part(reason: string): void {
    const links = [this.#out, this.#in];
    this.#out = this.#in = this.#encoder = this.#decoder = undefined;
    this.#queue.clear();
    for (const link of links) link?.end(reason);
  }

  /** Makes frames of what waits, as long as the socket keeps up: the more it lags, the more shares a frame. */
  #pump(): void {
    const { buffers } = this.#ports;
    const link = this.#out;
    while (link !== undefined && link === this.#out && this.#queue.first !== undefined && link.unwritten < LINK_FRAMES_UNWRITTEN_MAX) {
      const frame = (this.#encoder as BatchEncoder).encode(this.#queue);
      link.send(frame, () => {
        buffers.give(frame);
        if (link !== this.#out || this.#queue.first === undefined) return;
        this.#pump();
        this.#tellCongestion();
      });
    }
  }

  #tellCongestion(): void {
    const bytesMax = this.#isCongested ? LINK_QUEUE_BYTES_MAX / 2 : LINK_QUEUE_BYTES_MAX;
    const isCongested = this.#out === undefined || this.#queue.bytes > bytesMax;
    if (isCongested === this.#isCongested) return;
    this.#isCongested = isCongested;
    this.#ports.events.onCongestion(this.incarnation, isCongested);
  }

  /** What never pauses has filled the queue to its hard bound: the peer is given up for lost. Not within `send`, whose caller is in the middle of its batches. */
  #overflow(): void {
    this.#isOverflowing = true;
    this.#queue.clear();
    setImmediate(() => {
      this.#isOverflowing = false;
      this.lose('too much waits for it');
    });
  }
}
