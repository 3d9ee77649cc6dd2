// Deleting an image with the layers that nobody else needs.
import { removeImageData } from './big-data.js';
import { makeChange, type ChangeContext, type Plan } from './change.js';
import type { State } from './draft.js';
import { ImageInUseError, ImageMountedError } from './errors.js';
import { incompleteRecord } from './layer-record.js';
import { readMounts } from './mounts.js';
import { refuseChanged, writableImage } from './names.js';
import { uninstall } from './overlay.js';
import type { Place } from './place.js';
import { orphanedLayers } from './remove-layers.js';

interface DeletePlan extends Plan {
  readonly orphans: readonly string[];
}

/**
 * Deletes an image with the names it was `seen` with, or whatever names it has; resolves to the ids of the layers that went
 * with it, top first. Throws ImageUnknownError, ReadOnlyImageError, ImageChangedError, {@link ImageInUseError},
 * {@link ImageMountedError}.
 */
export async function deleteImage(
  context: ChangeContext & { readonly mountsPath: string },
  id: string,
  seen?: readonly string[],
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const { own, mountsPath } = context;
  return await makeChange<DeletePlan, readonly string[]>(
    context,
    {
      locks: { layers: 'write', images: 'write', containers: 'read' },
      plan: (state) => planDeletion(own, state, id, seen),
      async carryOut({ orphans }, save, _draft, graveyard) {
        await refuseMounted(mountsPath, id, orphans);
        await save('images');
        removeImageData(own, id, graveyard);
        await save('announced');
        await uninstall(own, orphans, graveyard);
        await save('layers');
        return orphans;
      },
    },
    signal,
  );
}

function planDeletion(own: Place, state: State, id: string, seen: readonly string[] | undefined): DeletePlan {
  const { value: image } = writableImage(state, id);
  refuseChanged(image, seen);
  const containers = state.view.containersOf(id);
  if (containers.length > 0)
    throw new ImageInUseError(
      id,
      containers.map((container) => container.id),
    );
  const orphans = orphanedLayers(state.view, image);
  const gone = new Set(orphans);
  const { layers, images } = state.own;
  return {
    orphans,
    buries: true,
    note: { layers: orphans.toReversed(), images: [id] },
    records: {
      images: images.filter(({ value }) => value !== image),
      ...(orphans.length > 0 && {
        announced: layers.map((record) =>
          gone.has(record.value.id) ? incompleteRecord(record, own.decodeLayer) : record,
        ),
        layers: layers.filter(({ value }) => !gone.has(value.id)),
      }),
    },
  };
}

async function refuseMounted(mountsPath: string, id: string, layers: readonly string[]): Promise<void> {
  const mount = (await readMounts(mountsPath)).find((entry) => layers.includes(entry.id));
  if (mount !== undefined) throw new ImageMountedError(id, mount.path ?? mount.id);
}
