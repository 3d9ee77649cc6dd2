// The repositories of a registry under whose names images of the store are: where their layers probably are, too.
import type { Digest } from '../../oci/digest.js';
import { InvalidReferenceError, parseNamed, type Reference } from '../../oci/reference.js';
import type { Store, StoreView } from '../../store/index.js';
import type { MountCandidates } from './repository-blobs.js';

/** `domain`: as in names, `docker.io`. The store is looked through when a layer is asked for, and only once. */
export function localRepositories(store: Store, domain: string): MountCandidates {
  let byLayer: Promise<ReadonlyMap<string, ReadonlySet<string>>> | undefined;
  return async (diffId: Digest, signal) => {
    byLayer ??= store.view(signal).then((view) => repositoriesByLayer(view, domain));
    return [...((await byLayer).get(diffId) ?? [])];
  };
}

function repositoriesByLayer(view: StoreView, domain: string): ReadonlyMap<string, ReadonlySet<string>> {
  const byLayer = new Map<string, Set<string>>();
  for (const { names, layer } of view.images) {
    const paths = names.flatMap((name) => pathsAt(name, domain));
    if (paths.length === 0) continue;
    for (const { diffDigest } of view.chain(layer)) {
      if (diffDigest === undefined) continue;
      const known = byLayer.get(diffDigest) ?? new Set();
      byLayer.set(diffDigest, known);
      for (const path of paths) known.add(path);
    }
  }
  return byLayer;
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
