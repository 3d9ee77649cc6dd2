// Bytes that arrived and were not taken yet, cut at a delimiter.

/** Pieces are joined up to this size as they arrive, or a peer that sends byte by byte would cost an object for each. */
const joinedSize = 64 * 1024;

/** A queue of bytes. Every byte is looked at for the delimiter once, and copied once when a message spans pieces. */
export class ByteQueue {
  readonly #delimiter: number;
  #pieces: Buffer[] = [];
  #size = 0;
  /** Where the first delimiter is, -1 if there is none in the whole queue; undefined while nobody wants to know. */
  #cut: number | undefined;

  constructor(delimiter: number) {
    this.#delimiter = delimiter;
  }

  get size(): number {
    return this.#size;
  }

  push(bytes: Buffer): void {
    if (this.#cut === -1) {
      const at = bytes.indexOf(this.#delimiter);
      if (at >= 0) this.#cut = this.#size + at;
    }
    this.#size += bytes.length;
    let piece = bytes;
    for (let last = this.#pieces.at(-1); last !== undefined; last = this.#pieces.at(-1)) {
      // Join equals only: a byte is then copied a few times, however small the pieces are.
      if (last.length > piece.length || last.length + piece.length > joinedSize) break;
      this.#pieces.pop();
      piece = Buffer.concat([last, piece]);
    }
    this.#pieces.push(piece);
  }

  /** The bytes before the first delimiter, which is dropped; undefined while there is none. */
  message(): Buffer | undefined {
    this.#cut ??= this.#find();
    if (this.#cut < 0) return undefined;
    const message = this.#take(this.#cut + 1).subarray(0, -1);
    this.#cut = undefined;
    return message;
  }

  /** How long the first message is, as far as it has arrived. */
  messageSize(): number {
    this.#cut ??= this.#find();
    return this.#cut < 0 ? this.#size : this.#cut;
  }

  /** The first `count` bytes, or all if there are fewer; without a copy where they are in one piece. */
  bytes(count: number): Buffer {
    const first = this.#pieces[0];
    this.#cut = undefined;
    return this.#take(Math.min(count, first?.length ?? 0));
  }

  #take(count: number): Buffer {
    const taken: Buffer[] = [];
    let missing = count;
    let used = 0;
    while (missing > 0) {
      const piece = this.#pieces[used];
      if (piece === undefined) throw new RangeError('more bytes than the queue has');
      const part = piece.subarray(0, missing);
      taken.push(part);
      missing -= part.length;
      if (part.length < piece.length) this.#pieces[used] = piece.subarray(part.length);
      else used++;
    }
    this.#pieces.splice(0, used);
    this.#size -= count;
    return taken.length === 1 && taken[0] !== undefined ? taken[0] : Buffer.concat(taken);
  }

  #find(): number {
    let offset = 0;
    for (const piece of this.#pieces) {
      const at = piece.indexOf(this.#delimiter);
      if (at >= 0) return offset + at;
      offset += piece.length;
    }
    return -1;
  }
}
