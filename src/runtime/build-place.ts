// Where the files of a context are for the builder: a directory of the host, or one that a sent archive is unpacked into.
import { mkdir, stat } from 'node:fs/promises';
import { defaultContextLimits } from '../archive/context-visitor.js';
import { TempDir, type TempRoot } from '../sys/temp-dir.js';
import type { ContextPlace } from './build-input.js';
import { FileUnavailableError, systemReason } from './errors.js';
import type { FileCaller, FileExchange } from './file-exchange.js';
import { mayUseHost } from './host-access.js';
import type { LayerPool } from './layer-pool.js';

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
  readonly caller: FileCaller;
  /** The service's own user. */
  readonly uid: number;
  /** Bytes of all files of a context that was sent. */
  readonly contextBytes: number;
  /** On the disk of the store. */
  readonly root: TempRoot;
}

/** The contexts of one build. Disposing removes those that were unpacked. */
export class BuildPlaces implements AsyncDisposable {
  readonly #context: PlaceContext;
  #directory: TempDir | undefined;

  constructor(context: PlaceContext) {
    this.#context = context;
  }

  /**
   * The directory of a context. Throws {@link ContextNotHereError}, {@link FileUnavailableError} and what unpacking throws. A
   * file that was sent is gone afterwards in any case.
   */
  async open(place: ContextPlace, signal: AbortSignal): Promise<string> {
    if (place.kind === 'directory') return await this.#inPlace(place.path, place.identity);
    const { files, caller } = this.#context;
    await using file = await files.borrow(place.name, caller);
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

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#directory?.remove();
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
    this.#directory ??= await TempDir.create(this.#context.root);
    const directory = this.#directory.addition();
    await mkdir(directory, { mode: 0o755 });
    const limits = { ...defaultContextLimits, bytes: this.#context.contextBytes };
    const blob = { kind: 'file', path, offset: 0, length } as const;
    await this.#context.pool.unpackContext({ blob, directory, limits }, signal);
    return directory;
  }
}
