// What a build needs of the store, the registries and the disk: given to it by who starts it.
import type { ImageConfig } from '../oci/config.js';
import type { Digest } from '../oci/digest.js';
import type { Platform } from '../oci/platform.js';
import type { PackedLayer } from './workplace.js';

/** A layer that the store has. */
export interface BuildLayer {
  readonly diffId: Digest;
  /** Bytes of its tar. */
  readonly diffSize: number;
  /** Its own files. */
  readonly directory: string;
}

/** An image that the store has. */
export interface BuildImage {
  readonly id: string;
  /** As the history names it: its name in full, or the first twelve digits of its id. */
  readonly name: string;
  readonly config: ImageConfig;
  readonly manifestDigest: Digest;
  /** Of its manifest. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Base first. */
  readonly layers: readonly BuildLayer[];
}

/** A layer in the making: its directories are empty at first. */
export interface LayerDraft {
  readonly upper: string;
  readonly work: string;
  readonly merged: string;
  readonly tarSplitPath: string;
  /** Removes it, unless it was committed. */
  discard(): Promise<void>;
}

/** An image to be added. */
export interface NewBuildImage {
  readonly config: ImageConfig;
  readonly format: 'oci' | 'docker';
  /** Those below, base first. */
  readonly layers: readonly BuildLayer[];
  readonly added?: { readonly draft: LayerDraft; readonly packed: PackedLayer } | undefined;
  /** The image it was made from; empty for none. */
  readonly parent: string;
  /** Of the manifest; the OCI's format only. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly names: readonly string[];
}

/** What an image must be to stand for the next step. */
export interface CacheQuery {
  /** What the step begins with; undefined for nothing. */
  readonly base: BuildImage | undefined;
  readonly createdBy: string;
  readonly addsLayer: boolean;
  readonly format: 'oci' | 'docker';
  readonly platform: Platform;
  /** What its newest history entry must be from; undefined if any time is good. */
  readonly created: string | undefined;
  /** Of several that fit, the newest that is this, if there is one. */
  readonly prefer?: ((image: BuildImage) => boolean) | undefined;
}

export interface BuildStore {
  /** The image that FROM or `--from` means, pulled as the request says. */
  image(name: string, platform: string): Promise<BuildImage>;
  /** The newest image that fits. */
  findCached(query: CacheQuery): Promise<BuildImage | undefined>;
  newLayer(): Promise<LayerDraft>;
  commit(image: NewBuildImage): Promise<BuildImage>;
  /** Gives names, in full, to an image. */
  name(id: string, names: readonly string[]): Promise<void>;
  /** A private empty directory that goes with the build. */
  scratch(): Promise<string>;
  /** Where the directory of a cache mount of this id is, or will be when it is mounted: kept between builds. */
  cacheDirectory(id: string): Promise<string>;
  /** Fetches a file or a repository into a new private directory; its name there. */
  fetch(
    url: string,
    options: { readonly checksum: string | undefined; readonly keepGitDir: boolean },
  ): Promise<{ readonly directory: string; readonly name: string }>;
}
