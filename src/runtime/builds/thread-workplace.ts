// A workplace in a thread of its own while it is open.
import type { CopyRequest, CopySource } from '../../build/copy/copy-request.js';
import type { LayerStack, WorkingTree } from '../../build/root/root-tree.js';
import type { RunOutcome, RunRequest } from '../../build/run/run-request.js';
import type { PackedLayer, PackRequest, Workplace } from '../../build/workplace.js';
import type { AbortFlag } from '../../sys/abort-flag.js';
import type { TempDir } from '../../sys/temp-dir.js';
import type { BuildCall } from './build-message.js';
import type { BuildThread, WriteOutput } from './build-thread.js';

/** What a workplace is given for its time. */
export interface WorkplaceLease {
  readonly thread: BuildThread;
  readonly state: TempDir;
  readonly flag: AbortFlag;
  readonly signal: AbortSignal;
  /** The thread is free, or has ended. */
  readonly release: () => void;
}

export class ThreadWorkplace implements Workplace {
  readonly #lease: WorkplaceLease;
  readonly #abort: () => void;
  #tree: WorkingTree | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(lease: WorkplaceLease) {
    this.#lease = lease;
    this.#abort = () => {
      lease.flag.raise();
      lease.thread.cancel();
    };
    lease.signal.addEventListener('abort', this.#abort);
    if (lease.signal.aborted) this.#abort();
  }

  async mount(tree: WorkingTree): Promise<void> {
    await this.#call({ method: 'mount', tree });
    this.#tree = tree;
  }

  async unmount(): Promise<void> {
    await this.#call({ method: 'unmount' });
  }

  async digest(request: CopyRequest, root?: LayerStack): Promise<string> {
    return (await this.#call({ method: 'digest', request, root })) as string;
  }

  async digestOf(source: CopySource, path: string): Promise<string> {
    return (await this.#call({ method: 'digestOf', source, path })) as string;
  }

  async copy(request: CopyRequest): Promise<void> {
    await this.#call({ method: 'copy', request });
  }

  async run(request: RunRequest, write: WriteOutput): Promise<RunOutcome> {
    return (await this.#call({ method: 'run', request }, write)) as RunOutcome;
  }

  async makeDirectory(path: string, user: string): Promise<void> {
    await this.#call({ method: 'makeDirectory', path, user });
  }

  async pack(request: PackRequest): Promise<PackedLayer> {
    const lowers = this.#tree?.upper === request.directory ? this.#tree.lowers : undefined;
    return (await this.#call({ method: 'pack', request, lowers })) as PackedLayer;
  }

  async flatten(stack: LayerStack, directory: string): Promise<void> {
    await this.#call({ method: 'flatten', stack, directory });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    await this.#closed;
  }

  async #call(call: BuildCall, write?: WriteOutput): Promise<unknown> {
    const { thread, signal } = this.#lease;
    signal.throwIfAborted();
    const result = thread.call(call, write);
    this.#last = result;
    try {
      return await result;
    } catch (error) {
      // Whatever it was stopped in: this is why.
      throw signal.aborted ? signal.reason : error;
    }
  }

  /** What is under way ends first; a thread that cannot leave things in order takes them with it. */
  async #close(): Promise<void> {
    const { thread, state, signal, release } = this.#lease;
    signal.removeEventListener('abort', this.#abort);
    this.#abort();
    await this.#last.catch(() => undefined);
    const isFree = await thread.call({ method: 'close' }).catch(() => false);
    if (isFree !== true) await thread.terminate();
    try {
      await state.remove();
    } finally {
      release();
    }
  }
}
