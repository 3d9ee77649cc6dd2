// Adding an image with its layers.
import { installImageData, removeImageData, writeImageData } from './big-data.js';
import { makeChange, type ChangeContext } from './change.js';
import { ownImage } from './draft.js';
import { planCommit, type CommitPlan, type ImageCommit, type Places } from './commit-plan.js';
import type { FairQueue } from './fair-queue.js';
import type { StoredImage } from './image-record.js';
import { install } from './overlay.js';
import { removeLayers } from './remove-layers.js';
import { stagingRoots } from './staging.js';
import { TempDir } from '../sys/temp-dir.js';

/** What a commit works with. */
export interface CommitContext extends ChangeContext, Places {
  /** Commits of this process go one by one: each is prepared from what the one before it left. */
  readonly turn: FairQueue;
}

/**
 * Adds the layers that are missing and the image, or adds names and data to the image that exists. Nothing of it is
 * visible before all of it is, and if it fails nothing of it stays. When it succeeds all staged layers are used up, those
 * that somebody else added meanwhile included. When it fails they are the caller's to discard; after a LayerMissingError
 * they may be committed again. Throws LayerMissingError, ImageConflictError.
 */
export async function commitImage(
  context: CommitContext,
  commit: ImageCommit,
  signal?: AbortSignal,
): Promise<StoredImage> {
  const temporary = await TempDir.create(stagingRoots(context.own).layers);
  try {
    const dataDirectory = temporary.addition();
    await writeImageData(dataDirectory, commit.image.bigData);
    const leave = await context.turn.enter('write', signal);
    let image: StoredImage;
    try {
      image = await commitInTurn(context, commit, dataDirectory, signal);
    } finally {
      leave();
    }
    await Promise.all(commit.layers.map(async ({ staged }) => await staged?.discard()));
    return image;
  } finally {
    await temporary.remove();
  }
}

async function commitInTurn(
  context: CommitContext,
  commit: ImageCommit,
  dataDirectory: string,
  signal: AbortSignal | undefined,
): Promise<StoredImage> {
  const { own } = context;
  const { image } = commit;
  return await makeChange<CommitPlan, StoredImage>(
    context,
    {
      locks: { layers: 'write', images: 'write' },
      plan: (state, earlier) => planCommit(context, commit, state, earlier),
      async carryOut({ dressed, merges }, save, draft, graveyard) {
        try {
          await save('announced');
          await install(own, dressed, graveyard);
          await save('layers');
          await installImageData(own, image.id, dataDirectory, image.bigData);
          await save('images');
          return ownImage(draft, image.id) as StoredImage;
        } catch (error) {
          const undo = async (): Promise<void> => {
            await removeLayers(own, draft, new Set(dressed.map(({ id }) => id)), graveyard);
            await graveyard.open();
            if (!merges) removeImageData(own, image.id, graveyard);
          };
          await undo().catch(() => undefined); // the first error tells more, and the next start tries again
          throw error;
        }
      },
    },
    signal,
  );
}
