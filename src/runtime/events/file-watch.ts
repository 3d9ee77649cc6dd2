// Tells those who read a file that it may have changed.
import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import { EventEmitter } from 'eventemitter3';

/**
 * How long a change may go unnoticed where the kernel does not tell: on network file systems, with no watches left, and when the
 * directory was replaced. Milliseconds.
 */
const interval = 1000;

interface Changes {
  change: () => void;
}

/** Watches one file, there or not, while somebody wants to know. */
export class FileWatch {
  readonly #path: string;
  readonly #changes = new EventEmitter<Changes>();
  readonly #changed = (): void => void this.#changes.emit('change');
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Calls `wake` whenever there may be something new, until the result is disposed of. */
  follow(wake: () => void): Disposable {
    this.#changes.on('change', wake);
    this.#timer ??= setInterval(() => this.#look(), interval);
    this.#watcher ??= this.#watch();
    return {
      [Symbol.dispose]: () => {
        this.#changes.off('change', wake);
        if (this.#changes.listenerCount('change') === 0) this.#stop();
      },
    };
  }

  /** For who changes the file himself. */
  changed(): void {
    this.#changed();
  }

  #look(): void {
    this.#watcher ??= this.#watch();
    this.#changed();
  }

  /** The directory is watched: the file may come later, and be replaced. */
  #watch(): FSWatcher | undefined {
    const name = basename(this.#path);
    try {
      const watcher = watch(dirname(this.#path), { persistent: false }, (_, changed) => {
        if (changed === name || changed === null) this.#changed();
      });
      watcher.on('error', () => this.#unwatch());
      return watcher;
    } catch {
      return undefined;
    }
  }

  #unwatch(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #stop(): void {
    this.#unwatch();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
