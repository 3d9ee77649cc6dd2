// ImagesPrune
import type { CallContext } from '../rpc/index.js';
import { pruneImages } from '../runtime/remove/prune.js';
import type { Runtime } from '../runtime/runtime.js';

export async function imagesPrune(
  runtime: Runtime,
  { all, filter }: { readonly all: boolean; readonly filter: readonly string[] },
  { signal }: CallContext,
): Promise<{ pruned: readonly string[] }> {
  return { pruned: await pruneImages(await runtime.imageContext(), { all, filters: filter }, signal) };
}
