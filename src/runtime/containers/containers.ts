// Containers of the store, whoever made them, and how they are found (containers-storage-format §10).
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Store, StoredContainer, StoreView } from '../../store/index.js';
import { ContainerNotFoundError } from '../errors.js';

/** The program that made a container and alone knows all of it; `unknown` for one that left no sign. */
export type ContainerEngine = 'podman' | 'buildah' | 'cri-o' | 'unknown';

/**
 * The container of this id, name, or beginning of an id that only one has. Throws {@link ContainerNotFoundError}, with the words
 * that clients of the original know.
 */
export function findContainer(view: StoreView, name: string): StoredContainer {
  if (name === '') throw new ContainerNotFoundError(name, 'name or ID cannot be empty');
  const { containers } = view;
  const exact =
    containers.find(({ id }) => id === name) ?? containers.find(({ names }) => names.includes(name));
  if (exact !== undefined) return exact;
  const [first, second] = containers.filter(({ id }) => id.startsWith(name));
  if (second !== undefined)
    throw new ContainerNotFoundError(name, `more than one result for container name or ID ${name}`);
  if (first === undefined)
    throw new ContainerNotFoundError(name, `no container with name or ID ${name} found: no such container`);
  return first;
}

/** Where the engine keeps what belongs to the container. */
export function userData(store: Store, { id }: StoredContainer): string {
  return join(store.containerDirectory(id), 'userdata');
}

/** The engine whose container it is, from what it left beside it. */
export function engineOf(store: Store, container: StoredContainer): ContainerEngine {
  const keys = metadataKeys(container.metadata);
  if (keys.includes('pod-name')) return 'cri-o';
  if (keys.includes('image-name')) return 'podman';
  return existsSync(join(userData(store, container), 'buildah.json')) ? 'buildah' : 'unknown';
}

function metadataKeys(metadata: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(metadata);
    return typeof value === 'object' && value !== null ? Object.keys(value) : [];
  } catch {
    // Buildah writes none; another engine may write something else.
    return [];
  }
}
