// Complete lines of a file that others append to, a bounded piece of it at a time.
import type { FileHandle } from 'node:fs/promises';

/** What is read at once, and holds the thread until it is parsed; bytes. */
const pieceSize = 32 * 1024;
/** A longer line is passed over: no event is as long. Bytes. */
const longestLine = 256 * 1024;
const newline = 0x0a;

export class LineReader {
  readonly #file: FileHandle;
  /** Of the next byte to be read. */
  #position: number;
  /** What was read of a line that has no end yet. */
  #begun: Buffer = Buffer.alloc(0);
  /** Is the line that was begun too long? */
  #passing = false;

  constructor(file: FileHandle, position = 0) {
    this.#file = file;
    this.#position = position;
  }

  /** Behind the last byte that was read. */
  get position(): number {
    return this.#position;
  }

  /** Lines without their ends, at least one; none at the end of the file as it is now. */
  async read(): Promise<readonly string[]> {
    for (;;) {
      const piece = Buffer.allocUnsafe(pieceSize);
      const { bytesRead } = await this.#file.read(piece, 0, pieceSize, this.#position);
      if (bytesRead === 0) return [];
      this.#position += bytesRead;
      const lines = this.#split(piece.subarray(0, bytesRead));
      if (lines.length > 0) return lines;
    }
  }

  #split(piece: Buffer): readonly string[] {
    const first = piece.indexOf(newline);
    if (first < 0) {
      this.#begin(piece);
      return [];
    }
    const last = piece.lastIndexOf(newline);
    const passed = this.#passing;
    const whole = passed
      ? piece.subarray(first + 1, last)
      : Buffer.concat([this.#begun, piece.subarray(0, last)]);
    this.#begun = Buffer.alloc(0);
    this.#passing = false;
    this.#begin(piece.subarray(last + 1));
    if (passed && first === last) return [];
    return whole.toString().split('\n');
  }

  #begin(piece: Buffer): void {
    if (this.#passing) return;
    this.#passing = this.#begun.length + piece.length > longestLine;
    this.#begun = this.#passing ? Buffer.alloc(0) : Buffer.concat([this.#begun, piece]);
  }
}
