// Which image of an archive is meant (images-and-transports §4.1).
import { ArchiveError, shown } from '../../archive/archive-errors.js';
import type { ImageSelector } from '../../oci/image-location.js';
import { formatReference, InvalidReferenceError, parseNormalized, tagNameOnly } from '../../oci/reference.js';
import type { ArchivedImage, ImageArchive } from '../copy/image-archive.js';

/** The archive has no such image, or several where one has to be chosen; the message is the wording clients know. */
export class ImageChoiceError extends ArchiveError {
  override readonly name = 'ImageChoiceError';
  override readonly code = 'NO_SUCH_IMAGE';
}

/** The image that `selector` means; without a name and an index the only one. Throws {@link ImageChoiceError}. */
export function selectImage(archive: ImageArchive, { name, index }: ImageSelector): ArchivedImage {
  if (index !== undefined) return imageAt(archive, index);
  if (name !== undefined) return imageNamed(archive, name);
  const [image, another] = archive.images;
  if (image !== undefined && another === undefined) return image;
  const { length } = archive.images;
  throw new ImageChoiceError(
    archive.transport === 'docker-archive'
      ? `Unexpected tar manifest.json: expected 1 item, got ${length}`
      : 'more than one image in oci, choose an image',
  );
}

function imageAt({ images, transport }: ImageArchive, index: number): ArchivedImage {
  const image = images[index];
  if (image !== undefined) return image;
  throw new ImageChoiceError(
    transport === 'docker-archive'
      ? `Invalid source index @${index}, only ${images.length} manifest items available`
      : `index ${index} is too large, only ${images.length} entries available`,
  );
}

function imageNamed(archive: ImageArchive, name: string): ArchivedImage {
  if (archive.transport !== 'docker-archive') {
    const image = archive.images.find(({ refName }) => refName === name);
    if (image !== undefined) return image;
    throw new ImageChoiceError(`no descriptor found for reference ${JSON.stringify(name)}`);
  }
  const wanted = fullName(name);
  const image = archive.images.find(({ names }) => names.some((each) => tagOf(each) === wanted));
  if (image !== undefined) return image;
  throw new ImageChoiceError(`Tag ${JSON.stringify(wanted)} not found`);
}

function fullName(name: string): string {
  return formatReference(tagNameOnly(parseNormalized(name)));
}

/** A tag in the archive; one that is none is nobody's. */
function tagOf(repoTag: string): string | undefined {
  try {
    return fullName(repoTag);
  } catch (error) {
    if (error instanceof InvalidReferenceError) return undefined;
    throw new ImageChoiceError(`invalid tag ${shown(repoTag)}`, { cause: error });
  }
}
