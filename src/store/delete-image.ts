// Deleting an image with the layers that nobody else needs.
import { readFile } from 'node:fs/promises';
import { removeImageData } from './big-data.js';
import type { Catalog } from './catalog.js';
import { ImageInUseError, ImageMountedError } from './errors.js';
import { writableImage } from './names.js';
import type { Place } from './place.js';
import { orphanedLayers, removeIncompleteLayers, removeLayers } from './remove-layers.js';
import { stagingRoots } from './staging.js';
import { TempDir } from './temp-dir.js';

/**
 * Deletes an image, whatever names it has; resolves to the ids of the layers that went with it, top first. Throws
 * ImageUnknownError, ReadOnlyImageError, {@link ImageInUseError}, {@link ImageMountedError}.
 */
export async function deleteImage(
  {
    catalog,
    own,
    mountsPath,
  }: { readonly catalog: Catalog; readonly own: Place; readonly mountsPath: string },
  id: string,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const graveyard = await TempDir.create(stagingRoots(own).driver);
  try {
    return await catalog.update(
      { layers: 'write', images: 'write', containers: 'read' },
      async (draft) => {
        await removeIncompleteLayers(own, draft, graveyard);
        const { value: image } = writableImage(draft, id);
        const containers = draft.view.containersOf(id);
        if (containers.length > 0)
          throw new ImageInUseError(
            id,
            containers.map(({ id }) => id),
          );
        const before = draft.own.images;
        const rest = before.filter(({ value }) => value.id !== id);
        const orphans = orphanedLayers(draft.viewWith({ images: rest }), image.layer, image.mappedLayers);
        await refuseMounted(mountsPath, id, orphans);
        await draft.saveImages(rest);
        await removeImageData(own, id);
        await removeLayers(own, draft, new Set(orphans), graveyard);
        return orphans;
      },
      signal,
    );
  } finally {
    await graveyard.remove();
  }
}

async function refuseMounted(mountsPath: string, id: string, layers: readonly string[]): Promise<void> {
  const text = await readFile(mountsPath, 'utf8').catch(() => '');
  if (text === '') return;
  const mounts = JSON.parse(text) as readonly { id: string; path?: string; count?: number }[] | null;
  const mount = mounts?.find((entry) => (entry.count ?? 0) > 0 && layers.includes(entry.id));
  if (mount !== undefined) throw new ImageMountedError(id, mount.path ?? mount.id);
}
