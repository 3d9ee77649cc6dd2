// The images of an archive, a layout or a directory into the store: what load and pull have in common.
import { digestHex } from '../../oci/digest.js';
import type { CopyContext } from './copy-context.js';
import { copyImage } from './copy.js';
import { CopyError, messageOf } from '../errors.js';
import type { ArchivedImage } from './image-archive.js';
import { storedName } from '../images/names.js';
import type { Operation } from '../operation.js';
import { policyGate } from '../policy.js';
import { examineWith } from './schema1.js';
import { storeDestination } from '../transports/store-destination.js';

/** An image that is in the store now. */
export interface StoredFromArchive {
  readonly id: string;
  /** Those the archive gave it, in full. */
  readonly names: readonly string[];
}

/**
 * Stores them one after the other; a name that another image has moves to the new one. Nothing is stored if one of the names
 * is none: throws {@link CopyError} then.
 */
export async function storeImages(
  context: CopyContext,
  images: readonly ArchivedImage[],
  operation: Operation,
): Promise<readonly StoredFromArchive[]> {
  const named = images.map((image) => ({ image, names: [...new Set(image.names.map(nameInFull))] }));
  const gate = await policyGate(context.paths);
  const examine = examineWith(context.pool);
  const options = { platform: context.platform, gate, signatures: 'keep' as const, examine };
  const stored: StoredFromArchive[] = [];
  for (const { image, names } of named) {
    await using source = image.open();
    await using sink = storeDestination(context).image(names);
    const { config } = await copyImage(source, sink, options, operation);
    stored.push({ id: digestHex(config.digest), names });
  }
  const [first] = stored;
  if (first !== undefined) {
    await context.events.write({ status: 'pull', id: first.id, name: first.names[0] ?? '' });
  }
  return stored;
}

function nameInFull(name: string): string {
  try {
    return storedName(name);
  } catch (error) {
    throw new CopyError(`error parsing image name ${JSON.stringify(name)}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
