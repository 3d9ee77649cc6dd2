// A whole index with all of its images, one after the other.
import { formatIndex, type WrittenEntry } from '../../oci/convert.js';
import type { ImageIndex } from '../../oci/manifest.js';
import { choosePlatform, PlatformError } from '../../oci/choose-platform.js';
import { dockerManifestList, ociIndex } from '../../oci/media-types.js';
import type { Digest } from '../../oci/digest.js';
import type { Platform } from '../../oci/platform.js';
import { copyImage, copyInstance, keptSignatures, type CopyOptions } from './copy.js';
import { CopyError } from '../errors.js';
import { instance, topManifest } from './image-plan.js';
import type { ImageSink, WrittenImage } from './image-sink.js';
import type { ImageSource, Signature, SourceManifest } from './image-source.js';
import type { Operation } from '../operation.js';
import { schema1Manifest } from './schema1.js';
import { madeManifest } from './target-form.js';

/**
 * Copies the index that `source` was opened for and every image in it, or the one image that it is. Returns the digest of
 * what the destination's name stands for then. A sink without indexes, such as the store, gets the images alone: the one for
 * the platform under the destination's names, the others without any.
 */
export async function copyAll(
  source: ImageSource,
  sink: ImageSink,
  options: CopyOptions,
  operation: Operation,
): Promise<Digest> {
  const { signal } = operation;
  operation.enter('resolve');
  if (options.signatures !== 'remove') operation.log('Getting image list signatures');
  if ((await schema1Manifest(source, signal)) !== undefined) {
    return (await copyImage(source, sink, options, operation)).manifest.digest;
  }
  const { manifest: index, parsed } = await topManifest(source, signal);
  const chosen = { manifest: index, parsed, index: undefined };
  if (parsed.kind === 'image') {
    const image = { ...chosen, parsed };
    return (await copyInstance(source, sink, image, { ...options, instance: false }, operation)).manifest
      .digest;
  }
  const signatures = await admitted(source, index, sink, options, operation);
  const named = sink.commitIndex === undefined ? namedInstance(parsed, options.platform) : undefined;
  const { length } = parsed.manifests;
  operation.log(`Copying ${length} of ${length} images in list`);
  const entries: WrittenEntry[] = [];
  for (const [position, entry] of parsed.manifests.entries()) {
    operation.log(`Copying image ${entry.digest} (${position + 1}/${length})`);
    const image = await instance(source, index, entry.digest, signal);
    const of = { ...options, instance: entry.digest !== named };
    entries.push(writtenEntry(await copyInstance(source, sink, image, of, operation)));
  }
  if (sink.commitIndex === undefined) return index.digest;

  const written = writtenIndex(index, parsed, sink, entries);
  if (written.digest !== index.digest) requireChangeable(signatures, sink);
  operation.log('Writing manifest list to image destination');
  const own = options.sign === undefined ? [] : [await options.sign(written.digest, signal)];
  operation.log('Storing list signatures');
  await sink.commitIndex(written, [...signatures, ...own], signal);
  return written.digest;
}

/** Where no image is for this machine, the names go to the first one. */
function namedInstance(index: ImageIndex, platform: Platform): Digest | undefined {
  try {
    return choosePlatform(index, platform).digest;
  } catch (error) {
    if (error instanceof PlatformError) return index.manifests[0]?.digest;
    throw error;
  }
}

async function admitted(
  source: ImageSource,
  index: SourceManifest,
  sink: ImageSink,
  options: CopyOptions,
  operation: Operation,
): Promise<readonly Signature[]> {
  const { signal } = operation;
  const fetched = (): Promise<readonly Signature[]> => source.signatures(index.digest, signal);
  await options.gate.admit(source.origin, index, fetched, signal);
  // Where there are no indexes, there is nothing that they could be signatures of.
  if (sink.commitIndex === undefined) return [];
  return await keptSignatures(fetched, sink, options, operation, 'image list');
}

function writtenEntry({ manifest }: WrittenImage): WrittenEntry {
  return { mediaType: manifest.mediaType, digest: manifest.digest, size: manifest.bytes.length };
}

/** The source's own bytes where no image has changed and the destination takes indexes of its type. */
function writtenIndex(
  index: SourceManifest,
  parsed: ImageIndex,
  { needs }: ImageSink,
  entries: readonly WrittenEntry[],
): SourceManifest {
  const { manifestTypes } = needs;
  const other = parsed.mediaType === ociIndex ? dockerManifestList : ociIndex;
  const type = manifestTypes.includes(parsed.mediaType) ? parsed.mediaType : other;
  if (!manifestTypes.includes(type)) throw new CopyError('the destination takes no indexes');
  const same = entries.every(({ digest }, position) => digest === parsed.manifests[position]?.digest);
  if (same && type === parsed.mediaType) return index;
  return madeManifest(formatIndex(index.bytes, type, entries), type);
}

function requireChangeable(signatures: readonly Signature[], { needs }: ImageSink): void {
  if (signatures.length > 0) {
    throw new CopyError('images of the index would change, and its signatures would not fit another one');
  }
  if (needs.digest !== undefined) {
    throw new CopyError("Digest of source image's manifest would not match destination reference");
  }
}
