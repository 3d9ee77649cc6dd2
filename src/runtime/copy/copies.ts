// The long calls that copy images: each is one operation that ends, undone, when its caller goes away.
import { open } from 'node:fs/promises';
import type { WriteBytes } from '../../archive/tar-stream.js';
import type { Digest } from '../../oci/digest.js';
import { passwordCredentials } from '../../registry/credentials.js';
import { commitContainer, type CommitRequest } from '../commit/commit-container.js';
import { copyBetween, type CopyRequest } from './copy-between.js';
import type { CopyContext } from './copy-context.js';
import type { FileCaller, FileExchange } from '../files/file-exchange.js';
import { mayUseHost, type HostCaller } from '../host-access.js';
import { importImage, type ImportRequest } from './import.js';
import type { LayerPool } from '../layers/layer-pool.js';
import { loadImages } from './load.js';
import type { Operation, OperationRequest, OperationTable } from '../operation.js';
import { pullImage } from './pull.js';
import { pushImage, type PushRequest } from './push.js';
import { isStreamed, saveImage, sendImage, type SaveRequest } from './save.js';

/** Who called, as far as an operation wants to know. */
export interface Caller extends FileCaller {
  readonly peer: HostCaller & { readonly pid: number };
  readonly signal: AbortSignal;
}

/** A call that runs: `result` settles after everything that was not finished is undone. */
export interface Running<Result> {
  readonly operation: Operation;
  readonly result: Promise<Result>;
}

/** A file that the caller sent, or one of the host, and whether it is to be removed when all went well. */
export interface Payload {
  readonly file: string;
  readonly remove: boolean;
}

/** Bytes. */
const sentAtOnce = 256 * 1024;

/** Starts copies. */
export class Copies {
  readonly #operations: OperationTable;
  readonly #pool: LayerPool;
  readonly #streams: LayerPool;
  readonly #files: FileExchange;
  readonly #context: () => Promise<CopyContext>;

  constructor(
    operations: OperationTable,
    pool: LayerPool,
    streams: LayerPool,
    files: FileExchange,
    context: () => Promise<CopyContext>,
  ) {
    this.#operations = operations;
    this.#pool = pool;
    this.#streams = streams;
    this.#files = files;
    this.#context = context;
  }

  /**
   * The id of the image that `name` means, pulled if it is not there. A pair without a user name is what old clients send
   * when they have none: the auth files count then, or just `authfile` if it is not empty.
   */
  pull(
    name: string,
    pair: { readonly username: string; readonly password: string },
    caller: Caller,
    authfile = '',
  ): Running<string> {
    const credentials = passwordCredentials(pair.username, pair.password);
    return this.#run({ kind: 'pull', target: name }, caller, (context, operation, trusted) => {
      const registries = authfile === '' ? context.registries : context.registries.withAuthfile(authfile);
      return pullImage({ ...context, registries }, name, { credentials, trusted }, operation);
    });
  }

  /** Copies an image of the store; `kind` is what its caller calls that. */
  push(kind: 'push' | 'export', request: PushRequest, caller: Caller): Running<void> {
    return this.#run({ kind, target: request.destination }, caller, (context, operation, trusted) =>
      pushImage(context, request, trusted, operation),
    );
  }

  /** Results in the handle of a file that the caller can fetch. */
  save(request: SaveRequest & { readonly quiet: boolean }, caller: Caller): Running<string> {
    const { name: target, quiet } = request;
    return this.#run({ kind: 'save', target, quiet }, caller, async (context, operation) => {
      await using file = await this.#files.make(caller);
      await saveImage(context, request, file, operation);
      // Nobody would fetch it.
      operation.signal.throwIfAborted();
      return file.keep();
    });
  }

  /** Gives the archive to `write` as it is made; one that has to be a file first, as soon as that is whole. */
  send(request: SaveRequest, write: WriteBytes, caller: Caller): Running<void> {
    return this.#run({ kind: 'save', target: request.name }, caller, async (context, operation) => {
      if (isStreamed(request)) {
        await sendImage(context, request, { write, pool: this.#streams }, operation);
        return;
      }
      await using file = await this.#files.make(caller);
      await saveImage(context, request, file, operation);
      await using content = await open(file.path);
      for await (const bytes of content.createReadStream({ highWaterMark: sentAtOnce })) {
        operation.signal.throwIfAborted();
        await write(bytes as Buffer);
      }
    });
  }

  /** Results in the names of the images, an image without one being `sha256:` and its id. */
  load(
    { file: name, remove }: Payload,
    request: { readonly name: string; readonly quiet: boolean },
    caller: Caller,
  ): Running<readonly string[]> {
    const start = { kind: 'load', target: name, quiet: request.quiet } as const;
    return this.#run(start, caller, async (context, operation) => {
      await using file = await this.#files.borrow(name, caller);
      const names = await loadImages(context, { name: request.name, path: file.path, file: name }, operation);
      if (remove) {
        // The images are there, whatever becomes of the file.
        await file.remove().catch(() => operation.log(`unable to delete input file ${name}`));
      }
      return names;
    });
  }

  /** Results in the id of the image. */
  import({ file: name, remove }: Payload, request: ImportRequest, caller: Caller): Running<string> {
    return this.#run({ kind: 'import', target: name }, caller, async (context, operation) => {
      await using file = await this.#files.borrow(name, caller);
      const id = await importImage(context, { path: file.path, name }, request, operation);
      if (remove) await file.remove();
      return id;
    });
  }

  /** Results in the id of the image. */
  commit(request: CommitRequest, caller: Caller): Running<string> {
    return this.#run({ kind: 'commit', target: request.name }, caller, (context, operation) =>
      commitContainer(context, request, operation),
    );
  }

  /** Copies from any place to any other. */
  copy(request: CopyRequest, caller: Caller): Running<Digest> {
    const target = `${request.source} ${request.destination}`;
    return this.#run({ kind: 'copy', target }, caller, (context, operation, trusted) =>
      copyBetween(context, request, trusted, operation),
    );
  }

  #run<Result>(
    request: Omit<OperationRequest, 'pid'>,
    { peer, signal }: Caller,
    work: (context: CopyContext, operation: Operation, trusted: boolean) => Promise<Result>,
  ): Running<Result> {
    return this.#operations.run(
      { ...request, pid: Math.max(peer.pid, 0) },
      async (operation) => {
        // It starts while the manifest is fetched.
        this.#pool.warm();
        const context = await this.#context();
        return await work(context, operation, mayUseHost(peer, context.paths.uid));
      },
      signal,
    );
  }
}
