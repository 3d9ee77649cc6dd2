// Where the files of a context are for the builder: a directory of the host, or one that a sent archive is unpacked into.
import { mkdir, readFile, stat } from 'node:fs/promises';
import { defaultContextLimits } from '../../archive/context-visitor.js';
import { TempDir, type TempRoot } from '../../sys/temp-dir.js';
import { fetchAddress, type AddressFetcher, type Fetched } from './build-address.js';
import { defaultDockerfiles } from './build-files.js';
import type { ContextPlace } from './build-input.js';
import { ContextFiles, mostBytes } from './context-files.js';
import { FileUnavailableError, systemReason } from '../errors.js';
import type { BorrowedFile, FileCaller, FileExchange } from '../files/file-exchange.js';
import { mayUseHost } from '../host-access.js';
import type { LayerPool } from '../layers/layer-pool.js';

/** A directory that cannot be read in place for this caller, who can send it instead. */
export class ContextNotHereError extends Error {
  override readonly name = 'ContextNotHereError';
  readonly code = 'CONTEXT_NOT_HERE';
  readonly path: string;
  constructor(path: string, reason: string) {
    super(reason);
    this.path = path;
  }
}

/** What the contexts of one build need. */
export interface PlaceContext {
  readonly files: FileExchange;
  readonly pool: Pick<LayerPool, 'unpackContext'>;
  readonly fetcher: AddressFetcher;
  readonly caller: FileCaller;
  /** The service's own user. */
  readonly uid: number;
  /** Bytes of all files of a context that was sent. */
  readonly contextBytes: number;
  /** On the disk of the store. */
  readonly root: TempRoot;
}

/** The contexts of one build. Disposing removes those that were unpacked or fetched. */
export class BuildPlaces implements AsyncDisposable {
  readonly #context: PlaceContext;
  #directory: TempDir | undefined;
  /** Those that were unpacked as they came. */
  readonly #sent: BorrowedFile[] = [];

  constructor(context: PlaceContext) {
    this.#context = context;
  }

  /**
   * The directory of a context. Throws {@link ContextNotHereError}, {@link FileUnavailableError} and what unpacking throws. A
   * file that was sent is gone afterwards in any case.
   */
  async open(place: ContextPlace, signal: AbortSignal): Promise<string> {
    if (place.kind === 'directory') return await this.#inPlace(place.path, place.identity);
    if (place.kind === 'address') return await this.#fetched(place.address, signal);
    const { files, caller } = this.#context;
    await using file = await files.borrow(place.name, caller);
    const unpacked = file.directory;
    if (unpacked !== undefined && (await stat(unpacked).catch(() => undefined)) !== undefined) {
      this.#sent.push(await files.borrow(place.name, caller));
      return unpacked;
    }
    try {
      const { path, exchanged } = file;
      const status = await stat(path).catch((error: unknown) => {
        throw new FileUnavailableError(`open ${place.name}: ${systemReason(error)}`, { cause: error });
      });
      if (!exchanged && status.isDirectory()) return path;
      if (!status.isFile())
        throw new FileUnavailableError(`open ${place.name}: neither a file nor a directory`);
      return await this.#unpacked(path, status.size, signal);
    } finally {
      // Nobody else would use it; one of the host stays, unlike in 2020.
      if (file.exchanged) await file.remove();
    }
  }

  /** The Dockerfile at an address, or of the repository there. Throws as {@link open} does. */
  async dockerfileAt(address: string, signal: AbortSignal): Promise<string> {
    const directory = await this.#newDirectory();
    const fetched = await this.#fetch(address, directory, mostBytes, signal);
    if (fetched.kind === 'file') return await readFile(fetched.path, 'utf8');
    using files = new ContextFiles(resolved(directory, fetched.path, address));
    for (const name of defaultDockerfiles) {
      const text = await files.read(name);
      if (text !== undefined) return text;
    }
    throw new FileUnavailableError(`${address}: no Containerfile or Dockerfile is in it`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const file of this.#sent) {
      await file.remove();
      await file[Symbol.asyncDispose]();
    }
    await this.#directory?.remove();
  }

  async #fetched(address: string, signal: AbortSignal): Promise<string> {
    const directory = await this.#newDirectory();
    const fetched = await this.#fetch(address, directory, this.#context.contextBytes, signal);
    if (fetched.kind === 'directory') return resolved(directory, fetched.path, address);
    const { size } = await stat(fetched.path);
    return await this.#unpacked(fetched.path, size, signal);
  }

  #fetch(address: string, directory: string, mostBytes: number, signal: AbortSignal): Promise<Fetched> {
    return fetchAddress(this.#context.fetcher, address, { directory, mostBytes }, signal);
  }

  async #newDirectory(): Promise<string> {
    this.#directory ??= await TempDir.create(this.#context.root);
    const directory = this.#directory.addition();
    await mkdir(directory, { mode: 0o755 });
    return directory;
  }

  async #inPlace(path: string, identity: string): Promise<string> {
    const { caller, uid } = this.#context;
    if (!mayUseHost(caller.peer, uid)) {
      throw new ContextNotHereError(
        path,
        'only root and the user of this service can name directories of its host',
      );
    }
    if (!path.startsWith('/')) throw new ContextNotHereError(path, 'it is no absolute path');
    const found = await stat(path, { bigint: true }).catch((error: unknown) => {
      throw new ContextNotHereError(path, systemReason(error));
    });
    const own = `${found.dev}:${found.ino}:${found.ctimeNs}`;
    if (!found.isDirectory() || own !== identity) {
      throw new ContextNotHereError(
        path,
        'it is another directory to this service, or has changed meanwhile',
      );
    }
    return path;
  }

  async #unpacked(path: string, length: number, signal: AbortSignal): Promise<string> {
    const directory = await this.#newDirectory();
    const limits = { ...defaultContextLimits, bytes: this.#context.contextBytes };
    const blob = { kind: 'file', path, offset: 0, length } as const;
    await this.#context.pool.unpackContext({ blob, directory, limits }, signal);
    return directory;
  }
}

/** A directory of a repository, which may be behind links, none of which leads out. */
function resolved(root: string, path: string, address: string): string {
  using files = new ContextFiles(root);
  const directory = files.directory(path);
  if (directory === undefined)
    throw new FileUnavailableError(`${address}: no such directory in the repository`);
  return directory;
}
