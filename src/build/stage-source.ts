// What `--from` and `from=` mean: a stage, another context, an image, or the context itself.
import type { BuildRequest } from './build-request.js';
import type { BuildStore } from './build-store.js';
import type { CopySource } from './copy/copy-request.js';
import { InstructionError } from './errors.js';
import type { LayerStack } from './root/root-tree.js';

/** How the names of a build are looked up. */
export interface SourceLookup {
  readonly request: BuildRequest;
  readonly store: BuildStore;
  /** The root of the earlier stage of this name or number, once it is done; undefined if there is none. */
  earlierStage(name: string): Promise<LayerStack | undefined>;
}

/** `from` absent is the context. Throws {@link InstructionError}. */
export async function findSource(lookup: SourceLookup, from: string | undefined): Promise<CopySource> {
  const { request, store } = lookup;
  if (from === undefined) {
    if (request.context === undefined) throw new InstructionError('the build has no context to copy from');
    return { kind: 'context', directory: request.context, ignore: request.ignore };
  }
  const directory = request.contexts.get(from);
  if (directory !== undefined) return { kind: 'context', directory, ignore: [] };
  const stage = await lookup.earlierStage(from);
  if (stage !== undefined) return { kind: 'stack', stack: stage };
  const image = await store.image(from, '');
  return { kind: 'stack', stack: stackOf(image.layers) };
}

/** Layers as they are mounted: the topmost first. */
export function stackOf(layers: readonly { readonly directory: string }[]): LayerStack {
  return { lowers: layers.map(({ directory }) => directory).toReversed() };
}
