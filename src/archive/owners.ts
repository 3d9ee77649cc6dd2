// The owners a layer's headers name, which a layer's record lists.
import { LayerLimitError } from './errors.js';

const WHITEOUT = /(?:^|\/)\.wh\.[^/]*$/;

/** Collects the distinct users and groups of entries (containers-storage-format §5). */
export class OwnerSets {
  readonly #uids = new Set<number>();
  readonly #gids = new Set<number>();
  readonly #limit: number;
  #lastUid = -1;
  #lastGid = -1;

  /** At most `limit` of each kind. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whiteouts do not count. Throws {@link LayerLimitError}. */
  add(name: string, uid: number, gid: number): void {
    if ((uid === this.#lastUid && gid === this.#lastGid) || WHITEOUT.test(name)) return;
    this.#lastUid = uid;
    this.#lastGid = gid;
    this.#uids.add(uid);
    this.#gids.add(gid);
    if (this.#uids.size > this.#limit || this.#gids.size > this.#limit) {
      throw new LayerLimitError(`the layer has more than ${this.#limit} owners`);
    }
  }

  /** Sorted. */
  get uids(): number[] {
    return [...this.#uids].toSorted((a, b) => a - b);
  }

  /** Sorted. */
  get gids(): number[] {
    return [...this.#gids].toSorted((a, b) => a - b);
  }
}
