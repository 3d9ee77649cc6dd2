// One long call: what it is, how far it is, what it said so far, and how to stop it.
import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'eventemitter3';

export type OperationPhase =
  | 'waiting'
  | 'prepare'
  | 'build'
  | 'resolve'
  | 'copy'
  | 'commit'
  | 'done'
  | 'failed';
export type BlobState = 'waiting' | 'copying' | 'exists' | 'done';

/** How far one blob is, in bytes as they are transferred. */
export interface BlobProgress {
  readonly digest: string;
  readonly done: number;
  /** The whole length, 0 while unknown. */
  readonly total: number;
  readonly state: BlobState;
}

interface OperationEvents {
  /** Phase or counters changed. */
  change: () => void;
  /** A log line was added, or the operation ended. */
  wake: () => void;
}

export type OperationKind =
  | 'pull'
  | 'push'
  | 'save'
  | 'load'
  | 'import'
  | 'export'
  | 'copy'
  | 'build'
  | 'commit';

/** What starts an operation. */
export interface OperationRequest {
  readonly kind: OperationKind;
  /** What it works on, as the caller named it. */
  readonly target: string;
  /** The caller's process, 0 when unknown. */
  readonly pid: number;
  /** Nobody wants the log. */
  readonly quiet?: boolean;
}

/** Lines that wait for their reader may hold this many bytes; see {@link Operation.room}. */
const maxWaitingBytes = 1024 * 1024;

/**
 * A running operation. The work calls {@link log}, {@link enter} and {@link report}; a handler reads {@link lines}
 * and connects them to its wire. Lines wait here, bounded, so that a slow reader costs no memory.
 */
export class Operation {
  readonly id = randomUUID();
  readonly kind: OperationRequest['kind'];
  readonly target: string;
  readonly pid: number;
  readonly startedAt = new Date();
  readonly events = new EventEmitter<OperationEvents>();
  /** Aborted by {@link abort}: the caller went away or the daemon stops. */
  readonly signal: AbortSignal;
  readonly #quiet: boolean;
  readonly #controller = new AbortController();
  readonly #blobs = new Map<string, BlobProgress>();
  #waiting: string[] = [];
  #waitingBytes = 0;
  #phase: OperationPhase = 'waiting';
  #reached: OperationPhase = 'waiting';

  constructor(request: OperationRequest) {
    this.kind = request.kind;
    this.target = request.target;
    this.pid = request.pid;
    this.#quiet = request.quiet === true;
    this.signal = this.#controller.signal;
  }

  get phase(): OperationPhase {
    return this.#phase;
  }

  /** The phase, or the last one before the end. */
  get reached(): OperationPhase {
    return this.#reached;
  }

  get ended(): boolean {
    return this.#phase === 'done' || this.#phase === 'failed';
  }

  get blobs(): readonly BlobProgress[] {
    return [...this.#blobs.values()];
  }

  abort(reason: Error): void {
    this.#controller.abort(reason);
  }

  enter(phase: OperationPhase): void {
    this.#phase = phase;
    if (!this.ended) this.#reached = phase;
    this.events.emit('change');
    if (this.ended) this.events.emit('wake');
  }

  report(blob: BlobProgress): void {
    this.#blobs.set(blob.digest, blob);
    this.events.emit('change');
  }

  /** Adds one line of the log; the newline is part of it on the wire. */
  log(line: string): void {
    if (!this.#quiet) this.tell(line);
  }

  /** The same, also when nobody wants the log: what the caller asked for. */
  tell(line: string): void {
    const text = `${line}\n`;
    this.#waiting.push(text);
    this.#waitingBytes += Buffer.byteLength(text);
    this.events.emit('wake');
  }

  /** Resolves once the waiting lines leave room for more; work with unbounded output awaits it before each line. */
  async room(): Promise<void> {
    while (this.#waitingBytes >= maxWaitingBytes && !this.ended) await this.#changed('change');
  }

  /** Takes the lines that wait now. */
  takeLines(): readonly string[] {
    const lines = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    if (lines.length > 0) this.events.emit('change');
    return lines;
  }

  /** Every line as it comes, until the operation has ended. There is one reader. */
  async *lines(): AsyncGenerator<string, void, void> {
    for (;;) {
      yield* this.takeLines();
      if (this.ended && this.#waiting.length === 0) return;
      if (this.#waiting.length === 0) await this.#changed('wake');
    }
  }

  #changed(event: keyof OperationEvents): Promise<void> {
    return new Promise((resolve) => {
      this.events.once(event, resolve);
    });
  }
}

interface OperationTableEvents {
  /** An operation started, changed or ended. */
  change: (operation: Operation) => void;
  /** An operation has ended, and everything that was not finished is undone. */
  end: (operation: Operation) => void;
}

/** The operations that run now. */
export class OperationTable {
  readonly events = new EventEmitter<OperationTableEvents>();
  readonly #running = new Map<
    string,
    { readonly operation: Operation; readonly settled: Promise<unknown> }
  >();

  readonly #started = new WeakMap<AbortSignal, Operation>();

  /** The operation that was started last with this signal, which is that of a call; it may have ended. */
  startedWith(signal: AbortSignal): Operation | undefined {
    return this.#started.get(signal);
  }

  get running(): readonly Operation[] {
    return [...this.#running.values()].map(({ operation }) => operation);
  }

  /**
   * Runs `work` as an operation. It is aborted with `signal`, and stays in the table until `work` has cleaned up.
   * The caller must await the result, which settles only after the clean-up.
   */
  run<Result>(
    request: OperationRequest,
    work: (operation: Operation) => Promise<Result>,
    signal: AbortSignal,
  ): { readonly operation: Operation; readonly result: Promise<Result> } {
    const operation = new Operation(request);
    this.#started.set(signal, operation);
    const abort = (): void => operation.abort(toError(signal.reason));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    const changed = (): void => {
      this.events.emit('change', operation);
    };
    operation.events.on('change', changed);
    const result = this.#settle(operation, work).finally(() => {
      signal.removeEventListener('abort', abort);
      this.#running.delete(operation.id);
      operation.events.off('change', changed);
      this.events.emit('change', operation);
      this.events.emit('end', operation);
    });
    // The handler may be reading lines when the work fails; it awaits the result afterwards.
    result.catch(() => undefined);
    this.#running.set(operation.id, { operation, settled: result });
    changed();
    return { operation, result };
  }

  /** Aborts everything and waits until all of it is undone. */
  async abortAll(reason: Error): Promise<void> {
    const running = [...this.#running.values()];
    for (const { operation } of running) operation.abort(reason);
    await Promise.allSettled(running.map(({ settled }) => settled));
  }

  async #settle<Result>(
    operation: Operation,
    work: (operation: Operation) => Promise<Result>,
  ): Promise<Result> {
    try {
      const result = await work(operation);
      operation.enter('done');
      return result;
    } catch (error) {
      operation.enter('failed');
      throw error;
    }
  }
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
