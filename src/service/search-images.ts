// SearchImages
import type { ImageSearchResult, SearchImagesParameters } from '../generated/io-podman.js';
import type { CallContext } from '../rpc/index.js';
import type { Runtime } from '../runtime/runtime.js';

export async function searchImages(
  runtime: Runtime,
  { query, limit, filter }: SearchImagesParameters,
  { signal }: CallContext,
): Promise<{ results: readonly ImageSearchResult[] }> {
  const { isOfficial = null, isAutomated = null, starCount } = filter;
  const request = { query, limit: limit ?? null, filter: { isOfficial, isAutomated, starCount } };
  return { results: await runtime.search(request, signal) };
}
