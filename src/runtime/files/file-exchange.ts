// Files on their way from callers and to them: uploads and saved images, in a directory that nobody else gets into.
import { randomBytes } from 'node:crypto';
import { mkdir, open, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { recoverTempDirs, TempDir, type TempRoot } from '../../sys/temp-dir.js';
import { FileUnavailableError } from '../errors.js';
import { ExchangedFile, type FileCaller, type FileScope } from './exchanged-file.js';
import { mayUseHost } from '../host-access.js';
import { OutgoingFile, type BorrowedFile } from './outgoing-file.js';
import { DirectoryUpload, type Unpack } from './directory-upload.js';
import { Upload, type Incoming, type Promised } from './upload.js';

export type { BorrowedFile, FileCaller };

/** So much room at a time is demanded for an upload of unknown length. Bytes. */
const roomStep = 64 * 1024 * 1024;
/** Saved images that may wait for one user at a time: each takes as much of the disk as its image. */
const mostSaved = 4;

/** Where a file of ours is made. Disposing removes it unless it was kept. */
export interface MadeFile extends AsyncDisposable {
  /** Nothing is there yet. */
  readonly path: string;
  /** For a directory that is needed meanwhile; nothing is there yet. */
  readonly workPath: string;
  /** Lets the caller have it; returns the handle by which it is named. */
  keep(): string;
}

/** Gives out handles and takes them back. A handle looks like a path, and is taken for nothing but what it is. */
export class FileExchange {
  readonly #root: () => Promise<TempRoot>;
  readonly #uid: number;
  readonly #files = new Map<string, ExchangedFile>();
  readonly #promised = new Set<Promised>();
  #directory: Promise<TempDir> | undefined;
  #recovered: Promise<void> | undefined;

  /** `root` is where the directory is made, `uid` the user whose callers, like root's, may name files of the host. */
  constructor(root: () => Promise<TempRoot>, uid: number) {
    this.#root = root;
    this.#uid = uid;
  }

  /** Removes what dead predecessors left. */
  async recover(): Promise<void> {
    this.#recovered ??= this.#root()
      .then(recoverTempDirs)
      .catch((error: unknown) => {
        this.#recovered = undefined;
        throw error;
      });
    await this.#recovered;
  }

  /**
   * Begins to take a file from a caller, of `length` bytes if that is known. Throws {@link FileUnavailableError} where there is
   * no room for them.
   */
  async upload(length: number | undefined, caller: FileCaller): Promise<Upload> {
    const file = await this.#newFile(caller, 'connection');
    let promised: Promised | undefined;
    try {
      promised = await this.#promise(length, file);
      return new Upload(file, this.#handleOf(file), await open(file.path, 'wx', 0o600), promised);
    } catch (error) {
      promised?.[Symbol.dispose]();
      await file.remove();
      throw error;
    }
  }

  /** Begins to take the tar of a directory, which `unpack` makes of it as it comes. */
  async uploadDirectory(unpack: Unpack, caller: FileCaller): Promise<Incoming> {
    const file = await this.#newFile(caller, 'connection');
    try {
      await mkdir(file.workPath, { mode: 0o755 });
      return new DirectoryUpload(file, this.#handleOf(file), unpack);
    } catch (error) {
      await file.remove();
      throw error;
    }
  }

  /**
   * A place for a file that `caller` is to get. Throws {@link FileUnavailableError} if too many wait for it, unless it can fill the disk
   * without the service.
   */
  async make(caller: FileCaller): Promise<MadeFile> {
    const waiting = [...this.#files.values()].filter((file) => file.isSavedFor(caller)).length;
    if (waiting >= mostSaved && !mayUseHost(caller.peer, this.#uid))
      throw new FileUnavailableError(
        `${waiting} saved images wait for this user: fetch one, or end the connection it was saved on`,
      );
    const file = await this.#newFile(caller, 'user');
    file.hold();
    let kept = false;
    return {
      path: file.path,
      workPath: file.workPath,
      keep: () => {
        kept = true;
        return this.#handleOf(file);
      },
      [Symbol.asyncDispose]: async () => {
        await file.release();
        if (!kept) await file.remove();
      },
    };
  }

  /**
   * The file behind a handle, or, for root and the service's own user, at a path of the host. Throws
   * {@link FileUnavailableError}.
   */
  async borrow(name: string, caller: FileCaller): Promise<BorrowedFile> {
    const file = this.#files.get(name);
    if (file?.mayBeUsedBy(caller) === true) {
      file.hold();
      let held = true;
      return {
        path: file.path,
        directory: file.workPath,
        exchanged: true,
        remove: () => file.remove(),
        [Symbol.asyncDispose]: async () => {
          if (!held) return;
          held = false;
          await file.release();
        },
      };
    }
    await this.#requireHostAccess(name, caller);
    return {
      path: name,
      exchanged: false,
      remove: () => rm(name),
      [Symbol.asyncDispose]: async () => undefined,
    };
  }

  /** The same, opened to be sent to the caller, and removed then if `remove`. */
  async open(name: string, remove: boolean, caller: FileCaller): Promise<OutgoingFile> {
    const file = await this.borrow(name, caller);
    try {
      return await OutgoingFile.open(name, file, remove);
    } catch (error) {
      await file[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Removes everything. */
  async close(): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => file.remove()));
    const directory = await this.#directory?.catch(() => undefined);
    await directory?.remove();
  }

  async #newFile(caller: FileCaller, scope: FileScope): Promise<ExchangedFile> {
    this.#directory ??= this.#makeDirectory().catch((error: unknown) => {
      this.#directory = undefined;
      throw error;
    });
    const path = join((await this.#directory).path, `varlink_send${randomBytes(16).toString('hex')}`);
    const file = new ExchangedFile(path, caller, scope, () => this.#files.delete(this.#handleOf(file)));
    this.#files.set(this.#handleOf(file), file);
    return file;
  }

  async #makeDirectory(): Promise<TempDir> {
    await this.recover();
    return await TempDir.create(await this.#root());
  }

  /** Callers of 2020 take the acknowledgement of an upload to end at its first colon. */
  #handleOf({ path }: ExchangedFile): string {
    return path.replaceAll(':', '_');
  }

  /** Uploads that run side by side are not promised the same room; one of unknown length gets it piece by piece. */
  async #promise(length: number | undefined, { path }: ExchangedFile): Promise<Promised> {
    const promised = {
      left: 0,
      ...(length === undefined && { grow: async () => await this.#demandRoom(promised, roomStep, path) }),
      [Symbol.dispose]: () => void this.#promised.delete(promised),
    };
    await this.#demandRoom(promised, length ?? 0, path);
    this.#promised.add(promised);
    return promised;
  }

  async #demandRoom(promised: Promised, bytes: number, path: string): Promise<void> {
    const { bavail, bsize } = await statfs(dirname(path));
    const taken = [...this.#promised].reduce((sum, { left }) => sum + Math.max(left, 0), 0);
    if (bytes > bavail * bsize - taken) {
      throw new FileUnavailableError(`${bytes} bytes cannot be taken: no space left on device`);
    }
    promised.left += bytes;
  }

  /** What is not there is told to those only who may know. */
  async #requireHostAccess(name: string, { peer }: FileCaller): Promise<void> {
    const own = (await this.#directory)?.path;
    if (mayUseHost(peer, this.#uid) && (own === undefined || !name.startsWith(`${own}/`))) return;
    throw new FileUnavailableError(
      `open ${name}: permission denied: it was neither sent on this connection nor saved for this user`,
    );
  }
}
