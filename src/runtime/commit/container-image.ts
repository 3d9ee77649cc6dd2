// What a container says of the image that is made of it, whoever keeps that.
import type { ContainerConfig, HistoryEntry, ImageConfig } from '../../oci/config.js';
import type { StoredContainer } from '../../store/index.js';
import type { CopyContext } from '../copy/copy-context.js';

/** A container that cannot be made an image of, or not as it was asked for. */
export class CommitError extends Error {
  override readonly name = 'CommitError';
  readonly code = 'COMMIT_FAILED';
}

/** Everything of an image but its new layer and the changes the caller wants. */
export interface ContainerImage {
  /** That of the image it was made from, with the settings of the container. */
  readonly config: ImageConfig;
  /** Of its manifest. */
  readonly annotations: Readonly<Record<string, string>>;
  /** The name of the image it was made from, or empty. */
  readonly from: string;
  /** What the history says of the new layer; empty for what it usually says. */
  readonly createdBy: string;
  readonly comment: string;
  /** Entries of the history behind that of the new layer. */
  readonly after: readonly HistoryEntry[];
}

/** A container, and the image it was made from as it is. */
export interface ContainerSource {
  readonly context: CopyContext;
  readonly container: StoredContainer;
  readonly image: ContainerImage;
}

/** The image with other settings. */
export function withSettings(image: ContainerImage, settings: Partial<ContainerConfig>): ContainerImage {
  return { ...image, config: { ...image.config, config: { ...image.config.config, ...settings } } };
}
