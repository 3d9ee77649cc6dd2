// A tar of images being written: members get their places in the order of asking, their contents in any.
import { stat } from 'node:fs/promises';
import { ArchiveError, DestinationError } from './archive-errors.js';
import { NewFile } from './new-file.js';
import type { Room, Shelf, ShelfFile } from './shelf.js';
import { paddingAfter, tarHeader, type NewMember } from './tar-header-writer.js';
import { untilAborted } from '../sys/until-aborted.js';

/** What follows the last member. */
const END_BYTES = 1024;

/** The file is not there before {@link finish}; disposing of an unfinished one leaves nothing behind. */
export class TarFile implements Shelf, AsyncDisposable {
  readonly #file: NewFile;
  readonly #mode: number;
  /** Where the next member begins: it is waited for while the size of the one before is unknown. */
  #end = Promise.resolve(0);

  private constructor(file: NewFile, mode: number) {
    this.#file = file;
    this.#mode = mode;
  }

  /** `mode` is that of its regular files. */
  static async create(path: string, mode: number): Promise<TarFile> {
    return new TarFile(await NewFile.create(path), mode);
  }

  take({ name = '', size }: Partial<ShelfFile>): () => Promise<Room> {
    // Only a long name makes it longer.
    const headerBytes = this.#header({ name, size: 0 }).length;
    const start = this.#end;
    const endOf = (at: number, bytes: number): number => at + headerBytes + bytes + paddingAfter(bytes);
    let settle: (end: number) => void = () => undefined;
    this.#end =
      size === undefined ? new Promise((resolve) => (settle = resolve)) : start.then((at) => endOf(at, size));
    return async () => {
      const at = await start;
      const keep = async (file: ShelfFile): Promise<void> => {
        const header = this.#header(file);
        // Either one would have run into what is beside it.
        if (header.length !== headerBytes || file.size !== (size ?? file.size)) {
          throw new ArchiveError(`${file.name} with ${file.size} bytes does not fit its place`);
        }
        await this.#write(header, at);
        settle(endOf(at, file.size));
      };
      return { path: this.#file.path, offset: at + headerBytes, keep };
    };
  }

  async put(name: string, content: Uint8Array, signal: AbortSignal): Promise<void> {
    const file = { name, size: content.length };
    const room = await untilAborted(this.take(file)(), signal);
    await this.#write(content, room.offset);
    await room.keep(file);
  }

  async directory(name: string, signal: AbortSignal): Promise<void> {
    await this.#headerOnly({ name, type: '5', mode: 0o755, size: 0 }, signal);
  }

  async link(name: string, linkName: string, signal: AbortSignal): Promise<void> {
    await this.#headerOnly({ name, type: '2', mode: 0, size: 0, linkName }, signal);
  }

  /** Where the tar ends; waits for all places that were taken. */
  async mark(): Promise<number> {
    return await this.#end;
  }

  async rollBack(mark: number): Promise<void> {
    this.#end = Promise.resolve(mark);
    await this.#file.handle.truncate(mark);
  }

  async finish(): Promise<void> {
    await this.#file.handle.truncate((await this.#end) + END_BYTES);
    await this.#file.publish();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }

  async #headerOnly(member: NewMember, signal: AbortSignal): Promise<void> {
    const header = tarHeader(member);
    const start = this.#end;
    this.#end = start.then((at) => at + header.length);
    await this.#write(header, await untilAborted(start, signal));
  }

  #header({ name, size }: ShelfFile): Buffer {
    return tarHeader({ name, type: '0', mode: this.#mode, size });
  }

  async #write(bytes: Uint8Array, position: number): Promise<void> {
    for (let from = 0; from < bytes.length;) {
      const { bytesWritten } = await this.#file.handle.write(
        bytes,
        from,
        bytes.length - from,
        position + from,
      );
      from += bytesWritten;
    }
  }
}

/** Refuses a path where something else than a file is, or a file with content when there is a `refusal` for that. */
export async function demandNewFile(path: string, refusal: string | undefined): Promise<void> {
  let status;
  try {
    status = await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (!status.isFile()) throw new DestinationError(`${path} is not a regular file`);
  if (refusal !== undefined && status.size > 0) throw new DestinationError(refusal);
}
