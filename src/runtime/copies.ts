// The long calls that copy images: each is one operation that ends, undone, when its caller goes away.
import type { Digest } from '../oci/digest.js';
import { passwordCredentials } from '../registry/credentials.js';
import { copyBetween, type CopyRequest } from './copy-between.js';
import type { CopyContext } from './copy-context.js';
import type { LayerPool } from './layer-pool.js';
import type { Operation, OperationKind, OperationTable } from './operation.js';
import { pullImage } from './pull.js';

/** Who called, as far as an operation wants to know. */
export interface Caller {
  readonly peer: { readonly pid: number; readonly uid: number };
  readonly signal: AbortSignal;
}

/** A call that runs: `result` settles after everything that was not finished is undone. */
export interface Running<Result> {
  readonly operation: Operation;
  readonly result: Promise<Result>;
}

/** Starts copies. */
export class Copies {
  readonly #operations: OperationTable;
  readonly #pool: LayerPool;
  readonly #context: () => Promise<CopyContext>;

  constructor(operations: OperationTable, pool: LayerPool, context: () => Promise<CopyContext>) {
    this.#operations = operations;
    this.#pool = pool;
    this.#context = context;
  }

  /**
   * The id of the image that `name` means, pulled if it is not there. A pair without a user name is what old clients send
   * when they have none: the auth files count then.
   */
  pull(
    name: string,
    pair: { readonly username: string; readonly password: string },
    caller: Caller,
  ): Running<string> {
    const credentials = passwordCredentials(pair.username, pair.password);
    return this.#run('pull', name, caller, (context, operation) =>
      pullImage(context, name, credentials, operation),
    );
  }

  /** Copies from any place to any other. */
  copy(request: CopyRequest, caller: Caller): Running<Digest> {
    const { uid } = caller.peer;
    return this.#run('copy', `${request.source} ${request.destination}`, caller, (context, operation) =>
      copyBetween(context, request, uid === 0 || uid === context.paths.uid, operation),
    );
  }

  #run<Result>(
    kind: OperationKind,
    target: string,
    { peer, signal }: Caller,
    work: (context: CopyContext, operation: Operation) => Promise<Result>,
  ): Running<Result> {
    return this.#operations.run(
      { kind, target, pid: Math.max(peer.pid, 0) },
      async (operation) => {
        // It starts while the manifest is fetched.
        this.#pool.warm();
        return await work(await this.#context(), operation);
      },
      signal,
    );
  }
}
