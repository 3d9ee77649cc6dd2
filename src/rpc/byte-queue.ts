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
    const cut = (this.#cut ??= this.#find());
    if (cut < 0) return undefined;
    const first = this.#pieces[0];
    const isWhole = first !== undefined && cut < first.length;
    const message = isWhole ? first.subarray(0, cut) : Buffer.concat(this.#pieces, cut);
    this.#drop(cut + 1);
    return message;
  }

  /** The first `count` bytes, or fewer: those that are in one piece. */
  bytes(count: number): Buffer {
    const bytes = this.#pieces[0]?.subarray(0, count) ?? Buffer.alloc(0);
    this.#drop(bytes.length);
    return bytes;
  }

  #drop(count: number): void {
    this.#size -= count;
    this.#cut = undefined;
    let left = count;
    for (let piece = this.#pieces[0]; piece !== undefined && left > 0; piece = this.#pieces[0]) {
      if (left < piece.length) {
        this.#pieces[0] = piece.subarray(left);
        return;
      }
      left -= piece.length;
      this.#pieces.shift();
    }
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
