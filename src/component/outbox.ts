/**
 * What waits to be written to one child, as one text a turn. Invariant: heartbeats go first, then replies in the order they are owed, then
 * tuples (Storm: utils/ShellBoltMessageQueue.java); nothing is written before the handshake.
 *
 * Hot path: two concatenations a tuple, one write a turn.
 */
export class Outbox {
  #heartbeat = '';
  #replies = '';
  #tuples = '';
  #tupleCount = 0;

  /** Tuples that no write has taken yet. */
  get tupleCount(): number {
    return this.#tupleCount;
  }

  get replyChars(): number {
    return this.#replies.length;
  }

  get tupleChars(): number {
    return this.#tuples.length;
  }

  /** Whether a heartbeat waits: a second one would say nothing new. */
  get hasHeartbeat(): boolean {
    return this.#heartbeat !== '';
  }

  get isEmpty(): boolean {
    return this.#tupleCount === 0 && this.#replies === '' && this.#heartbeat === '';
  }

  addHeartbeat(text: string): void {
    this.#heartbeat = text;
  }

  addReply(text: string): void {
    this.#replies += text;
  }

  addTuple(text: string): void {
    this.#tuples += text;
    this.#tupleCount++;
  }

  /** Takes everything, in the order of writing. */
  take(): string {
    const text = this.#heartbeat + this.#replies + this.#tuples;
    this.#heartbeat = this.#replies = this.#tuples = '';
    this.#tupleCount = 0;
    return text;
  }
}
