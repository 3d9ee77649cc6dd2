// Threads with mounts of their own in which the steps of builds are carried out, kept for the next build.
import { setMaxListeners } from 'node:events';
import type { Workplace, Workplaces } from '../../build/workplace.js';
import { AbortFlag } from '../../sys/abort-flag.js';
import { recoverTempDirs, TempDir, type TempRoot } from '../../sys/temp-dir.js';
import { untilAborted } from '../../sys/until-aborted.js';
import { BuildThread, BuildThreadError } from './build-thread.js';
import { ThreadWorkplace } from './thread-workplace.js';

export interface BuildWorkplacesOptions {
  /** Most of them at a time; others wait. */
  readonly most?: number;
  /** Where builds keep what goes with them: made if missing, what dead processes left there is removed. */
  readonly stateDirectory: string;
  /** Where they remember things from build to build. */
  readonly cacheDirectory?: string | undefined;
}

/** Processors run the commands; a thread mostly waits for one. */
const MOST_THREADS = 8;
/** How long a thread without work is kept: starting one takes some 60 ms. */
const IDLE_MS = 5 * 60_000;

interface Resting {
  readonly thread: BuildThread;
  readonly timer: NodeJS.Timeout;
}

export class BuildWorkplaces implements Workplaces {
  readonly #most: number;
  readonly #root: TempRoot;
  readonly #cacheDirectory: string | undefined;
  readonly #threads = new Set<BuildThread>();
  #resting: Resting[] = [];
  #busy = 0;
  #waiting: (() => void)[] = [];
  #recovered: Promise<void> | undefined;
  #closed = false;

  constructor({ most = MOST_THREADS, stateDirectory, cacheDirectory }: BuildWorkplacesOptions) {
    this.#most = most;
    this.#root = { path: stateDirectory, fleeting: false };
    this.#cacheDirectory = cacheDirectory;
  }

  /** Starts a thread, so that the first build does not wait for it. */
  warm(): void {
    this.recover().catch(() => undefined);
    if (!this.#closed && this.#threads.size === 0) this.#rest(this.#start());
  }

  /**
   * First come, first served. Throws the signal's reason, {@link BuildThreadError}, and a MountError where the host lets us have no
   * mounts of our own.
   */
  async open(signal: AbortSignal): Promise<Workplace> {
    signal.throwIfAborted();
    // One signal ends all calls of a build; that is no leak.
    setMaxListeners(0, signal);
    await this.#room(signal);
    try {
      return await this.#workplace(signal);
    } catch (error) {
      this.#leave();
      throw signal.aborted ? signal.reason : error;
    }
  }

  /** Ends all threads at once; what they were doing fails. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { timer } of this.#resting) clearTimeout(timer);
    for (const wake of this.#waiting.splice(0)) wake();
    await Promise.all([...this.#threads].map((thread) => thread.terminate()));
  }

  /** Removes what dead predecessors left. */
  async recover(): Promise<void> {
    this.#recovered ??= recoverTempDirs(this.#root);
    await this.#recovered;
  }

  async #workplace(signal: AbortSignal): Promise<Workplace> {
    await this.recover();
    this.#demandOpen();
    const state = await TempDir.create(this.#root);
    const thread = this.#take();
    const flag = new AbortFlag();
    try {
      await thread.call({
        method: 'open',
        state: state.path,
        cacheDirectory: this.#cacheDirectory,
        abort: flag.memory,
      });
    } catch (error) {
      await thread.terminate();
      await state.remove();
      throw error;
    }
    const release = (): void => {
      if (this.#closed || thread.hasEnded) this.#threads.delete(thread);
      else this.#rest(thread);
      this.#leave();
    };
    return new ThreadWorkplace({ thread, state, flag, signal, release });
  }

  /** Until one more may be open. */
  async #room(signal: AbortSignal): Promise<void> {
    this.#demandOpen();
    if (this.#busy < this.#most) {
      this.#busy++;
      return;
    }
    let wake: () => void = () => undefined;
    const turn = new Promise<void>((resolve) => {
      wake = resolve;
      this.#waiting.push(wake);
    });
    try {
      await untilAborted(turn, signal);
    } catch (error) {
      // Somebody may have given us their place in this very moment.
      if (this.#waiting.includes(wake)) this.#waiting = this.#waiting.filter((other) => other !== wake);
      else this.#leave();
      throw error;
    }
  }

  /** Whoever waits first takes our place. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#busy--;
    else next();
  }

  #take(): BuildThread {
    const resting = this.#resting.pop();
    if (resting === undefined) return this.#start();
    clearTimeout(resting.timer);
    resting.thread.rest(false);
    return resting.thread;
  }

  #rest(thread: BuildThread): void {
    thread.rest(true);
    const timer = setTimeout(() => void thread.terminate(), IDLE_MS).unref();
    this.#resting.push({ thread, timer });
  }

  #start(): BuildThread {
    const thread = new BuildThread();
    this.#threads.add(thread);
    void this.#forget(thread);
    return thread;
  }

  async #forget(thread: BuildThread): Promise<void> {
    await thread.ended;
    this.#threads.delete(thread);
    this.#resting = this.#resting.filter((other) => other.thread !== thread);
  }

  #demandOpen(): void {
    if (this.#closed) throw new BuildThreadError('the workplaces are closed');
  }
}
