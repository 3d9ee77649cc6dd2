// How a directory is to be packed, and what is known of the tar then.
import type { TarObserver } from './tar-observer.js';

export interface PackOptions {
  /** Sees what a reader of the tar would see. */
  readonly observer?: TarObserver | undefined;
  /**
   * The directory is an overlay's upper one that becomes a layer itself: what a tar has no place for (notes of overlay, sockets,
   * foreign attributes) is removed from it, too.
   */
  readonly adopts?: boolean | undefined;
  /** What the upper directory lies on, the topmost first; unknown if absent, and then all that is opaque hides something. */
  readonly lowers?: readonly string[] | undefined;
  /**
   * Overlay was mounted with `metacopy` or `redirect_dir`: what its notes say is in `lowers` is taken from there, which needs the right to
   * mount. Such notes are refused otherwise.
   */
  readonly merges?: boolean | undefined;
  /** Seconds since 1970: later times become this one, in an adopted directory as well. */
  readonly latest?: number | undefined;
  /** Times are cut to seconds, as Podman and buildah write them: their layers of the same files are the same then. */
  readonly wholeSeconds?: boolean | undefined;
  /** Somebody changes the files meanwhile: what is gone is left out, and what becomes shorter is filled with zeros. */
  readonly lives?: boolean | undefined;
  /** Asked between files and between chunks. */
  readonly abort?: { throwIfRaised(): void } | undefined;
}

/** What a tar was made of: its bytes, and the sorted distinct owners. */
export interface PackedTree {
  readonly bytes: number;
  readonly uids: readonly number[];
  readonly gids: readonly number[];
}
