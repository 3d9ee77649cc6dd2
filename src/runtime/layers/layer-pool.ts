// Threads that unpack layers, so that layers are unpacked side by side and the thread that serves callers never blocks.
import { setMaxListeners } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { ContextSummary } from '../../archive/unpack-context.js';
import type { LayerSummary } from '../../archive/unpack-layer.js';
import {
  PACKED_IDLE_MS,
  type ContextTask,
  type LayerTask,
  type TaskSummary,
  type TransferSummary,
  type TransferTask,
  type WorkerCommand,
  type WorkerReport,
} from './layer-message.js';
import { LayerQueue, type OpenedFile, type QueuedJob } from './layer-queue.js';
import { reviveError } from '../transferred-error.js';

export type { LayerTask, TransferSummary, TransferTask };

/** Each takes about 20 MiB; more of them gain little, since two fill a network or a disk. */
const MOST_WORKERS = 4;
/**
 * How long a worker without work is kept: keeping it takes some 10 MiB, starting one some 50 ms, and until the new one's
 * code has been compiled to machine code, a layer takes up to a third longer.
 */
const IDLE_MS = 5 * 60_000;
/**
 * Chunks lie outside of the heap and go when their small handles are collected: a small young generation is collected often,
 * which halves the memory of a worker and costs no time that can be measured.
 */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 1 };

/** So many uploads share a worker: for small layers a registry takes longer than we do. */
const MOST_PATIENT = 3;

/** A worker ended by itself, or the pool was closed. */
export class LayerWorkerError extends Error {
  override readonly name = 'LayerWorkerError';
  readonly code = 'LAYER_WORKER';
}

type TaskCommand = Exclude<WorkerCommand, { kind: 'cancel' }>;

interface Job extends QueuedJob {
  readonly id: number;
  readonly command: TaskCommand;
  /** It waits for a registry more than it works. */
  readonly patient: boolean;
  readonly onProgress: ((bytes: number) => void) | undefined;
  resolve(summary: TaskSummary): void;
  reject(reason: unknown): void;
}

interface Seat {
  readonly worker: Worker;
  /** By id: one, or several that are patient. */
  readonly jobs: Map<number, Job>;
  /** The file it has open, if that is compressed as a whole, and where the piece ends that it was given last. */
  packed: { readonly path: string; readonly position: number; readonly until: number } | undefined;
  idleTimer: NodeJS.Timeout | undefined;
}

/** Starts workers when there is work, at most `size`, and ends them when there has been none for a while. */
export class LayerPool {
  readonly #size: number;
  readonly #seats = new Set<Seat>();
  readonly #waiting = new LayerQueue<Job>(() => this.#assign());
  #closed = false;
  #lastId = 0;

  constructor(options: { readonly size?: number } = {}) {
    this.#size = options.size ?? Math.min(MOST_WORKERS, availableParallelism());
  }

  /** Starts workers until there are `count`, so that the first layers do not wait some 50 ms for them. */
  warm(count = 1): void {
    while (!this.#closed && this.#seats.size < Math.min(count, this.#size)) this.#rest(this.#start());
  }

  /**
   * Fetches and unpacks one layer; first come, first served. Throws a LayerError or RegistryError with the fields it had in
   * the worker, the signal's reason, or {@link LayerWorkerError}. Returns only when the worker has let go of the
   * directory; after an error that and the tar-split file are the caller's to remove.
   */
  async unpack(
    task: LayerTask,
    signal: AbortSignal,
    onProgress?: (bytes: number) => void,
  ): Promise<LayerSummary> {
    return (await this.#run((id) => ({ kind: 'unpack', id, task }), signal, onProgress)) as LayerSummary;
  }

  /** Moves one layer, like {@link unpack}; after an error the target holds what was written so far. */
  async transfer(
    task: TransferTask,
    signal: AbortSignal,
    onProgress?: (bytes: number) => void,
  ): Promise<TransferSummary> {
    return (await this.#run((id) => ({ kind: 'transfer', id, task }), signal, onProgress)) as TransferSummary;
  }

  /** Unpacks the context of a build, like {@link unpack}. */
  async unpackContext(task: ContextTask, signal: AbortSignal): Promise<ContextSummary> {
    return (await this.#run((id) => ({ kind: 'context', id, task }), signal)) as ContextSummary;
  }

  async #run(
    commandFor: (id: number) => TaskCommand,
    signal: AbortSignal,
    onProgress?: Job['onProgress'],
  ): Promise<TaskSummary> {
    signal.throwIfAborted();
    if (this.#closed) throw new LayerWorkerError('the pool is closed');
    // One signal ends all layers of a pull; that is no leak.
    setMaxListeners(0, signal);
    let abort: (() => void) | undefined;
    try {
      return await new Promise<TaskSummary>((resolve, reject) => {
        const id = ++this.#lastId;
        const command = commandFor(id);
        const place = command.task.blob;
        const blob = place.kind === 'unzipped' ? place.blob : place;
        const job: Job = { id, command, patient: isPatient(command), blob, onProgress, resolve, reject };
        abort = () => this.#cancel(job);
        signal.addEventListener('abort', abort);
        this.#waiting.add(job, this.#opened());
        this.#assign();
      });
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      if (abort !== undefined) signal.removeEventListener('abort', abort);
    }
  }

  /** Ends all workers at once; what they were doing fails. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#waiting.removeAll()) job.reject(new LayerWorkerError('the pool is closed'));
    await Promise.all([...this.#seats].map(({ worker }) => worker.terminate()));
  }

  #assign(): void {
    for (;;) {
      const job = this.#waiting.next(this.#opened(), (each) => this.#hasSeatFor(each));
      if (job === undefined) return;
      const seat = this.#seatFor(job);
      seat.jobs.set(job.id, job);
      if (job.blob.kind === 'packed') {
        const { path, offset, length } = job.blob;
        seat.packed = { path, position: offset + length, until: Number.POSITIVE_INFINITY };
      }
      clearTimeout(seat.idleTimer);
      seat.worker.ref();
      send(seat, job.command);
    }
  }

  #opened(): readonly OpenedFile[] {
    const now = performance.now();
    return [...this.#seats].flatMap(({ packed, jobs }) =>
      packed === undefined || packed.until < now ? [] : [{ ...packed, busy: jobs.size > 0 }],
    );
  }

  #hasSeatFor(job: Job): boolean {
    return this.#seats.size < this.#size || [...this.#seats].some((seat) => canTake(seat, job));
  }

  /** The one that has the job's file open, or any that is free, or the one that has least to do. */
  #seatFor(job: Job): Seat {
    const { blob } = job;
    const able = [...this.#seats].filter((seat) => canTake(seat, job));
    const free = able.filter(({ jobs }) => jobs.size === 0);
    const holder = blob.kind === 'packed' && free.find(({ packed }) => packed?.path === blob.path);
    if (holder) return holder;
    const idle = free.find(({ packed }) => packed === undefined) ?? free[0];
    if (idle !== undefined) return idle;
    if (this.#seats.size < this.#size) return this.#start();
    return able.toSorted((a, b) => a.jobs.size - b.jobs.size)[0] ?? this.#start();
  }

  #start(): Seat {
    const worker = new Worker(new URL('./layer-worker.js', import.meta.url), {
      resourceLimits: RESOURCE_LIMITS,
      name: 'layer',
      // Not those of the program, which may have been started with --eval or a profiler.
      execArgv: [],
    });
    const seat: Seat = { worker, jobs: new Map(), packed: undefined, idleTimer: undefined };
    this.#seats.add(seat);
    worker.on('message', (report: WorkerReport) => this.#hear(seat, report));
    worker.on('error', (cause) => {
      this.#leave(seat, new LayerWorkerError(`the layer worker failed: ${cause.message}`, { cause }));
    });
    worker.on('exit', (status) => {
      this.#leave(seat, new LayerWorkerError(`the layer worker ended with ${status}`));
    });
    return seat;
  }

  #hear(seat: Seat, report: WorkerReport): void {
    const job = seat.jobs.get(report.id);
    if (job === undefined) return;
    if (report.kind === 'progress') {
      job.onProgress?.(report.bytes);
      return;
    }
    seat.jobs.delete(report.id);
    if (job.blob.kind === 'packed' && seat.packed !== undefined) {
      const until = performance.now() + PACKED_IDLE_MS;
      seat.packed = report.kind === 'done' ? { ...seat.packed, until } : undefined;
    }
    if (report.kind === 'done') job.resolve(report.summary);
    else job.reject(reviveError(report.error));
    this.#assign();
    if (seat.jobs.size === 0) this.#rest(seat);
  }

  #rest(seat: Seat): void {
    seat.worker.unref();
    seat.idleTimer = setTimeout(() => {
      this.#seats.delete(seat);
      void seat.worker.terminate();
    }, IDLE_MS).unref();
  }

  #leave(seat: Seat, reason: LayerWorkerError): void {
    clearTimeout(seat.idleTimer);
    if (!this.#seats.delete(seat)) return;
    for (const job of seat.jobs.values()) job.reject(reason);
    if (!this.#closed) this.#assign();
  }

  #cancel(job: Job): void {
    if (this.#waiting.remove(job)) {
      job.reject(new LayerWorkerError('cancelled'));
      return;
    }
    const { id } = job;
    for (const seat of this.#seats) if (seat.jobs.has(id)) send(seat, { kind: 'cancel', id });
  }
}

/** A file that is compressed as a whole is read for one job at a time. */
function isPatient({ kind, task }: TaskCommand): boolean {
  const { blob } = task;
  const packed = blob.kind === 'packed' || (blob.kind === 'unzipped' && blob.blob.kind === 'packed');
  return kind === 'transfer' && task.target.kind === 'upload' && !packed;
}

function canTake({ jobs }: Seat, { patient }: Job): boolean {
  if (jobs.size === 0) return true;
  return patient && jobs.size < MOST_PATIENT && [...jobs.values()].every((job) => job.patient);
}

function send(seat: Seat, command: WorkerCommand): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  seat.worker.postMessage(command);
}
