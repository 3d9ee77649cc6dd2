// ListImagesWithFilters
import type { Image } from '../generated/io-podman.js';
import type { CallContext } from '../rpc/index.js';
import { ImageNotFoundError, InvalidFilterError } from '../runtime/errors.js';
import { filterImages } from '../runtime/images/image-filter.js';
import { madeAt, summaryOf, type ImageSummary } from '../runtime/images/image-list.js';
import type { Runtime } from '../runtime/runtime.js';
import { findByName } from './look-up.js';

export async function listImagesWithFilters(
  runtime: Runtime,
  { filters }: { readonly filters: readonly string[] },
  { signal }: CallContext,
): Promise<{ images: readonly Image[] }> {
  const catalogue = await runtime.catalogue(signal);
  const shortNames = runtime.registries();
  const imageNamed = (name: string): ImageSummary => {
    try {
      return summaryOf(catalogue, findByName(shortNames, catalogue.view, name));
    } catch (error) {
      if (!(error instanceof ImageNotFoundError)) throw error;
      throw new InvalidFilterError(`unable to find image ${name} in local stores: ${error.message}`);
    }
  };
  const isIndex = (id: string): boolean => catalogue.indexes.has(id);
  const timeOf = (id: string): bigint => {
    const image = catalogue.view.imageById(id);
    return image === undefined ? 0n : madeAt(image);
  };
  const context = { findByName: imageNamed, isIndex, madeAt: timeOf };
  return { images: filterImages(catalogue.summaries, filters, context) };
}
