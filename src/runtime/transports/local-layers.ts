// What the store says of layers that are to be pushed: as which blobs they came, and which repositories of a registry have them
// to all appearances, since images under their names do.
import { parseDigest, type Digest } from '../../oci/digest.js';
import { InvalidReferenceError, parseNamed, type Reference } from '../../oci/reference.js';
import type { Store, StoredLayer, StoreView } from '../../store/index.js';
import type { StoredBlob } from '../copy/image-sink.js';
import type { LayerHints } from './repository-blobs.js';

/** `domain`: as in names, `docker.io`. The store is looked through when a layer is asked for, and only once. */
export function localLayers(store: Store, domain: string): LayerHints {
  let looked: Promise<Index> | undefined;
  const index = (signal: AbortSignal): Promise<Index> =>
    (looked ??= store.view(signal).then((view) => indexOf(view, domain)));
  return {
    async formsOf(diffId, signal) {
      return [...((await index(signal)).get(diffId)?.forms.values() ?? [])];
    },
    async repositoriesWith(diffId, signal) {
      return [...((await index(signal)).get(diffId)?.repositories ?? [])];
    },
  };
}

/** By the digest of the tar. */
type Index = ReadonlyMap<string, LayerEntry>;

interface LayerEntry {
  readonly forms: Map<Digest, StoredBlob>;
  readonly repositories: Set<string>;
}

function indexOf(view: StoreView, domain: string): Index {
  const index = new Map<string, LayerEntry>();
  const entryOf = (diffDigest: string): LayerEntry => {
    const entry = index.get(diffDigest) ?? { forms: new Map(), repositories: new Set() };
    index.set(diffDigest, entry);
    return entry;
  };
  for (const layer of view.layers) {
    const form = formOf(layer);
    if (layer.diffDigest !== undefined && form !== undefined) {
      entryOf(layer.diffDigest).forms.set(form.digest, form);
    }
  }
  for (const { names, layer } of view.images) {
    const paths = names.flatMap((name) => pathsAt(name, domain));
    if (paths.length === 0) continue;
    for (const { diffDigest } of view.chain(layer)) {
      if (diffDigest === undefined) continue;
      for (const path of paths) entryOf(diffDigest).repositories.add(path);
    }
  }
  return index;
}

/** The blob that a layer came as, if it was zipped. */
function formOf({ compressedDiffDigest, compressedSize, compression }: StoredLayer): StoredBlob | undefined {
  if (compressedDiffDigest === undefined || compression === 'none' || compressedSize <= 0) return undefined;
  try {
    return { digest: parseDigest(compressedDiffDigest), size: compressedSize, compression };
  } catch {
    return undefined;
  }
}

function pathsAt(name: string, domain: string): readonly string[] {
  const reference = referenceOf(name);
  return reference?.domain === domain ? [reference.path] : [];
}

/** Other programs may have stored names that are none. */
function referenceOf(name: string): Reference | undefined {
  try {
    return parseNamed(name);
  } catch (error) {
    if (error instanceof InvalidReferenceError) return undefined;
    throw error;
  }
}
