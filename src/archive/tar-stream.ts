// A tar of images that is sent while it is made: members come one after the other, and each has its size in front.
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { ArchiveError } from './archive-errors.js';
import type { Room, Shelf, ShelfFile } from './shelf.js';
import { openPipe } from '../sys/pipe.js';
import { untilAborted } from '../sys/until-aborted.js';
import { paddingAfter, tarHeader, type NewMember } from './tar-header-writer.js';

/** What follows the last member. */
const END_BYTES = 1024;

/** Takes the next bytes; resolves when it can take more. */
export type WriteBytes = (bytes: Uint8Array) => Promise<void>;

/** Large contents come through pipes, from threads that wait while nobody takes what they have. */
export class TarStream implements Shelf, AsyncDisposable {
  readonly #write: WriteBytes;
  readonly #mode: number;
  readonly #signal: AbortSignal;
  readonly #pipes = new Set<ContentPipe>();
  /** Until then somebody else's member is written. */
  #turn = Promise.resolve();

  /** `mode` is that of its regular files. Once `signal` is aborted nobody is waited for any more. */
  constructor(write: WriteBytes, mode: number, signal: AbortSignal) {
    this.#write = write;
    this.#mode = mode;
    this.#signal = signal;
    signal.addEventListener('abort', this.#abandon);
  }

  take({ name = '', size }: Partial<ShelfFile>): () => Promise<Room> {
    if (size === undefined) throw new ArchiveError(`the size of ${name} must be known before it is sent`);
    const { turn, done } = this.#nextTurn();
    return async () => {
      await untilAborted(turn, this.#signal);
      await this.#header({ name, type: '0', mode: this.#mode, size });
      const pipe = new ContentPipe(size, this.#write);
      this.#pipes.add(pipe);
      const keep = async (file: ShelfFile): Promise<void> => {
        if (file.size !== size || file.name !== name) {
          throw new ArchiveError(`${file.name} with ${file.size} bytes is not what was announced`);
        }
        await pipe.sent;
        this.#pipes.delete(pipe);
        pipe.close();
        await this.#write(Buffer.alloc(paddingAfter(size)));
        done();
      };
      return { path: pipe.path, offset: 0, pipe: true, keep };
    };
  }

  async put(name: string, content: Uint8Array, signal: AbortSignal): Promise<void> {
    const member = { name, type: '0', mode: this.#mode, size: content.length } as const;
    const padding = Buffer.alloc(paddingAfter(content.length));
    await this.#member(Buffer.concat([tarHeader(member), content, padding]), signal);
  }

  async link(name: string, linkName: string, signal: AbortSignal): Promise<void> {
    await this.#member(tarHeader({ name, type: '2', mode: 0, size: 0, linkName }), signal);
  }

  async mark(): Promise<number> {
    await this.#turn;
    return 0;
  }

  /** What was sent is sent: whoever gets it is told that it is of no use. */
  async rollBack(): Promise<void> {}

  async finish(): Promise<void> {
    await this.#turn;
    await this.#write(Buffer.alloc(END_BYTES));
  }

  /** Nobody may be writing any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal.removeEventListener('abort', this.#abandon);
    for (const pipe of this.#pipes) pipe.close();
    this.#pipes.clear();
  }

  readonly #abandon = (): void => {
    for (const pipe of this.#pipes) pipe.abandon();
  };

  async #member(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const { turn, done } = this.#nextTurn();
    await untilAborted(turn, signal);
    await this.#write(bytes);
    done();
  }

  async #header(member: NewMember): Promise<void> {
    await this.#write(tarHeader(member));
  }

  /** Turns are taken in the order of asking; whoever fails lets nobody else have one. */
  #nextTurn(): { readonly turn: Promise<void>; readonly done: () => void } {
    const turn = this.#turn;
    let done = (): void => undefined;
    this.#turn = new Promise((resolve) => {
      done = resolve;
    });
    return { turn, done };
  }
}

/** The content of one member on its way from the thread that has it. */
class ContentPipe {
  /** That thread opens it by this name, so the descriptor stays until it has ended. */
  readonly path: string;
  /** Resolves when all of it was taken. */
  readonly sent: Promise<void>;
  readonly #source: Socket;
  readonly #end: number;

  constructor(size: number, write: WriteBytes) {
    const { read, write: end } = openPipe();
    this.path = `/proc/self/fd/${end}`;
    this.#end = end;
    this.#source = new Socket({ fd: read, readable: true, writable: false });
    this.#source.on('error', () => undefined);
    this.sent = this.#forward(size, write);
    this.sent.catch(() => this.abandon());
  }

  /** Whoever goes on writing fails. */
  abandon(): void {
    this.#source.destroy();
  }

  close(): void {
    this.abandon();
    closeSync(this.#end);
  }

  async #forward(size: number, write: WriteBytes): Promise<void> {
    let left = size;
    if (left === 0) return;
    for await (const bytes of this.#source as AsyncIterable<Buffer>) {
      left -= bytes.length;
      if (left < 0) throw new ArchiveError('a layer is longer than it was announced');
      await write(bytes);
      if (left === 0) return;
    }
    throw new ArchiveError('a layer is shorter than it was announced');
  }
}
