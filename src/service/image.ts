// Replies that hold an image's summary.
import type { Image } from '../generated/io-podman.js';
import type { ImageSummary } from '../runtime/image-list.js';

/** The summary as the interface has it: the same fields, lists that a caller may change. */
export function toImage(summary: ImageSummary): Image {
  return {
    ...summary,
    digests: [...summary.digests],
    repoTags: [...summary.repoTags],
    repoDigests: [...summary.repoDigests],
    history: [...summary.history],
  };
}
