// PullImage from an archive, a layout or a directory of the host (images-and-transports §3.5).
import { formatReference, InvalidReferenceError, parseNormalized, tagNameOnly } from '../../oci/reference.js';
import type { CopyContext } from './copy-context.js';
import type { ArchivedImage, ImageArchive } from './image-archive.js';
import type { Operation } from '../operation.js';
import { storeImages } from './store-archive.js';
import { openHostImages, type HostLocation } from './host-images.js';
import { selectImage } from '../transports/select-image.js';

/**
 * Stores the image that `location` names, or all of a docker-archive where it names none; returns the id of the first. Throws
 * CopyError, PolicyError and ArchiveError.
 */
export async function pullArchive(
  context: CopyContext,
  location: HostLocation,
  operation: Operation,
): Promise<string> {
  await using archive = await openHostImages(context, location, operation.signal);
  const [first] = await storeImages(context, chosenImages(archive, location), operation);
  if (location.transport === 'docker-archive') {
    await context.events.write({ status: 'loadfromarchive', id: '', name: '' });
  }
  return first?.id ?? '';
}

function chosenImages(archive: ImageArchive, location: HostLocation): readonly ArchivedImage[] {
  if (location.transport === 'dir') return archive.images;
  const { transport, image: selector } = location;
  const { name, index } = selector;
  if (transport === 'docker-archive' && name === undefined && index === undefined) return archive.images;
  const image = selectImage(archive, selector);
  if (transport !== 'docker-archive' || name === undefined) return [image];
  const wanted = fullName(name);
  return [{ ...image, names: image.names.filter((each) => fullName(each) === wanted) }];
}

function fullName(name: string): string | undefined {
  try {
    return formatReference(tagNameOnly(parseNormalized(name)));
  } catch (error) {
    if (error instanceof InvalidReferenceError) return undefined;
    throw error;
  }
}
