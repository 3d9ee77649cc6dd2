// Layers that several pulls of this daemon want at once are fetched and unpacked for all of them together.
import type { LayerSummary } from '../../archive/unpack-layer.js';
import type { StagedLayer } from '../../store/index.js';
import { untilAborted } from '../../sys/until-aborted.js';

/** A layer unpacked beside the store. */
export interface UnpackedLayer {
  readonly staged: StagedLayer;
  readonly summary: LayerSummary;
}

/** Fetches and unpacks a layer; after a failure nothing of it is left. */
export type UnpackLayer = (onBytes: (bytes: number) => void, signal: AbortSignal) => Promise<UnpackedLayer>;

/** One pull's share in a layer. */
export interface LayerShare {
  readonly layer: UnpackedLayer;
  /** A commit has used the layer up: it is in the store, or was and has been removed since. */
  readonly spent: boolean;
  /** Says that a commit has used it up. */
  spend(): void;
  /** The last one to give its share back removes what no commit has used. */
  release(): Promise<void>;
}

/** A layer in the making, and who wants it. It goes on as long as somebody does. */
class LayerWork {
  readonly listeners = new Set<(bytes: number) => void>();
  readonly result: Promise<UnpackedLayer>;
  spent = false;
  users = 0;
  readonly #abort = new AbortController();

  constructor(unpack: UnpackLayer) {
    const onBytes = (bytes: number): void => {
      for (const listener of this.listeners) listener(bytes);
    };
    this.result = unpack(onBytes, this.#abort.signal);
    this.result.catch(() => undefined);
  }

  /** Stops it if it still runs, and removes what it has made. */
  async end(): Promise<void> {
    this.#abort.abort(new Error('nobody wants the layer any more'));
    const made = await this.result.catch(() => undefined);
    await made?.staged.discard();
  }
}

/** The layers that are being brought now, by a key that tells their place in the store and their blob. */
export class SharedLayers {
  readonly #running = new Map<string, LayerWork>();
  #shared = 0;

  /** How many times somebody found a layer in the making. */
  get shared(): number {
    return this.#shared;
  }

  /**
   * The layer `key`, made by `unpack` unless somebody makes it already. When another pull's attempt fails, ours is
   * made: its source may be another one. Throws what `unpack` does, or the signal's reason.
   */
  async take(
    key: string,
    unpack: UnpackLayer,
    onBytes: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<LayerShare> {
    for (;;) {
      signal.throwIfAborted();
      const running = this.#running.get(key);
      const work = running ?? new LayerWork(unpack);
      this.#running.set(key, work);
      if (running !== undefined) this.#shared += 1;
      work.users += 1;
      work.listeners.add(onBytes);
      try {
        const layer = await untilAborted(work.result, signal);
        return this.#share(key, work, layer);
      } catch (error) {
        await this.#leave(key, work);
        if (signal.aborted || running === undefined) throw error;
      } finally {
        work.listeners.delete(onBytes);
      }
    }
  }

  #share(key: string, work: LayerWork, layer: UnpackedLayer): LayerShare {
    return {
      layer,
      get spent() {
        return work.spent;
      },
      spend: () => {
        work.spent = true;
        this.#forget(key, work);
      },
      release: () => this.#leave(key, work),
    };
  }

  async #leave(key: string, work: LayerWork): Promise<void> {
    work.users -= 1;
    if (work.users > 0) return;
    this.#forget(key, work);
    await work.end();
  }

  #forget(key: string, work: LayerWork): void {
    if (this.#running.get(key) === work) this.#running.delete(key);
  }
}
