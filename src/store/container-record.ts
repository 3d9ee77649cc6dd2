// Records of containers.json and volatile-containers.json, which are only read: containers belong to other programs.
import { optionalText, text, texts } from './decode.js';
import type { Decode } from './record-file.js';

/** A container of the store, whoever made it: podman, buildah, CRI-O. */
export interface StoredContainer {
  readonly id: string;
  readonly names: readonly string[];
  /** Id of its image, or `''`. */
  readonly image: string;
  /** Id of its layer. */
  readonly layer: string;
  readonly metadata: string;
  readonly created: string;
  readonly bigDataNames: readonly string[];
}

export const decodeContainer: Decode<StoredContainer> = (raw) => ({
  id: text(raw, 'id'),
  names: texts(raw, 'names'),
  image: text(raw, 'image'),
  layer: optionalText(raw, 'layer') ?? '',
  metadata: text(raw, 'metadata'),
  created: text(raw, 'created'),
  bigDataNames: texts(raw, 'big-data-names'),
});
