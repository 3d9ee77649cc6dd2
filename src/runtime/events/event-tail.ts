// Reads the events file as far as it goes, and on where it went on: it may grow, be cut, be replaced, or not be there yet.
import { constants } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { LineReader } from './line-reader.js';

/** What is read to find the last line of a file; bytes. */
const lastPiece = 256 * 1024;

interface Opened {
  readonly file: FileHandle;
  readonly identity: string;
  readonly reader: LineReader;
}

export class EventTail implements AsyncDisposable {
  readonly #path: string;
  #opened: Opened | undefined;
  /** The last line that was read. Podman rotates by copying the newer half: reading goes on behind it. */
  #last: string | undefined;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Begins with the first line, or behind the last one that is there now. */
  static async open(path: string, from: 'start' | 'end'): Promise<EventTail> {
    const tail = new EventTail(path);
    tail.#opened = await openFile(path, async (file) => {
      const { last, position } = from === 'end' ? await endOf(file) : { last: undefined, position: 0 };
      tail.#last = last;
      return { file, identity: await identityOf(file), reader: new LineReader(file, position) };
    });
    return tail;
  }

  /** Further lines; none if there are none now. */
  async read(): Promise<readonly string[]> {
    for (;;) {
      // Asked before the file is read: what was appended to it before it was replaced is read, too.
      const there = await identityAt(this.#path);
      const lines = (await this.#opened?.reader.read()) ?? [];
      if (lines.length > 0) return this.#remember(lines);
      if (there === this.#opened?.identity && !(await this.#isCut())) return [];
      await this.#opened?.file.close();
      this.#opened = undefined;
      const next = await openFile(this.#path, async (file) => {
        const { reader, lines } = await goOn(file, this.#last);
        return { file, identity: await identityOf(file), reader, lines };
      });
      if (next === undefined) return [];
      this.#opened = next;
      if (next.lines.length > 0) return this.#remember(next.lines);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened?.file.close();
  }

  #remember(lines: readonly string[]): readonly string[] {
    this.#last = lines.at(-1);
    return lines;
  }

  async #isCut(): Promise<boolean> {
    if (this.#opened === undefined) return false;
    const { file, reader } = this.#opened;
    return (await file.stat()).size < reader.position;
  }
}

/** A reader behind the line `last` and the lines it has read already; at the start if the file does not have that line. */
async function goOn(
  file: FileHandle,
  last: string | undefined,
): Promise<{ readonly reader: LineReader; readonly lines: readonly string[] }> {
  if (last !== undefined) {
    const reader = new LineReader(file);
    for (let lines = await reader.read(); lines.length > 0; lines = await reader.read()) {
      const at = lines.indexOf(last);
      if (at >= 0) return { reader, lines: lines.slice(at + 1) };
    }
  }
  return { reader: new LineReader(file), lines: [] };
}

/** The last line of the file, and the place behind it. */
async function endOf(
  file: FileHandle,
): Promise<{ readonly last: string | undefined; readonly position: number }> {
  const { size } = await file.stat();
  const start = Math.max(0, size - lastPiece);
  const piece = Buffer.alloc(size - start);
  const { bytesRead } = await file.read(piece, 0, piece.length, start);
  const end = piece.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
  const [last] = piece
    .subarray(0, Math.max(0, end - 1))
    .toString()
    .split('\n')
    .slice(-1);
  return { last, position: start + end };
}

/** What `use` makes of the file, which stays open unless that fails; undefined when there is none. */
async function openFile<Value>(
  path: string,
  use: (file: FileHandle) => Promise<Value>,
): Promise<Value | undefined> {
  // A pipe in its place would be waited for without end.
  const file = await unlessMissing(open(path, constants.O_RDONLY | constants.O_NONBLOCK));
  if (file === undefined) return undefined;
  try {
    return await use(file);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function identityAt(path: string): Promise<string | undefined> {
  const stats = await unlessMissing(stat(path, { bigint: true }));
  return stats === undefined ? undefined : `${stats.dev} ${stats.ino}`;
}

async function identityOf(file: FileHandle): Promise<string> {
  const { dev, ino } = await file.stat({ bigint: true });
  return `${dev} ${ino}`;
}

async function unlessMissing<Value>(result: Promise<Value>): Promise<Value | undefined> {
  try {
    return await result;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
