// Deterministic content for the bench images: the same bytes on every machine.

/** A small pseudo-random generator (xorshift32); the same seed gives the same sequence everywhere. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 1;
  }

  /** An unsigned integer below 2^32. */
  next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return state >>> 0;
  }

  /** An integer from 0 up to, not including, `limit`. */
  below(limit: number): number {
    return this.next() % limit;
  }

  /** Bytes that no compressor makes smaller. */
  noise(length: number): Buffer {
    const buffer = Buffer.alloc(length + 4);
    for (let offset = 0; offset < length; offset += 4) {
      buffer.writeUInt32LE(this.next(), offset);
    }
    return buffer.subarray(0, length);
  }

  /** Words and numbers, line by line; gzip makes about a third of it, as of source code. */
  text(length: number): Buffer {
    const buffer = Buffer.allocUnsafe(length);
    let offset = 0;
    while (offset < length) {
      const word = words[this.below(words.length)] ?? '';
      const number = this.below(4) === 0 ? this.next().toString(36) : '';
      offset += buffer.write(`${word}${number}${this.below(8) === 0 ? '\n' : ' '}`, offset, 'latin1');
    }
    return buffer;
  }
}

const words = [
  ...'the of and to in is for that with as are this by from be it an at which not return const function'.split(
    ' ',
  ),
  ...'if else import export class extends new null undefined string number boolean value name error'.split(
    ' ',
  ),
  ...'options callback require module exports index length default package version license static'.split(' '),
];
