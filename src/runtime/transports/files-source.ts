// What sources that read files have in common: blobs are believed when their digest and size are right.
import { createHash } from 'node:crypto';
import { ArchiveError } from '../../archive/archive-errors.js';
import { DigestMismatchError, SizeMismatchError } from '../../archive/errors.js';
import type { ImageFiles } from '../../archive/image-files.js';
import type { Descriptor } from '../../oci/descriptor.js';
import { digestAlgorithm, digestHex, parseDigest, type Digest } from '../../oci/digest.js';
import { maxManifestBytes } from '../../oci/manifest.js';

/** A small blob. Throws MissingMemberError, {@link ArchiveError}, or what is wrong with it. */
export async function checkedBytes(
  files: ImageFiles,
  name: string,
  { digest, size }: Pick<Descriptor, 'digest'> & { readonly size?: number | undefined },
  signal: AbortSignal,
): Promise<Buffer> {
  const bytes = await files.read(name, maxManifestBytes, signal);
  if (size !== undefined && bytes.length !== size) throw new SizeMismatchError(size, bytes.length);
  demandDigest(bytes, digest);
  return bytes;
}

function demandDigest(bytes: Buffer, expected: Digest): void {
  const algorithm = digestAlgorithm(expected);
  const hex = createHash(algorithm).update(bytes).digest('hex');
  if (hex !== digestHex(expected))
    throw new DigestMismatchError(expected, parseDigest(`${algorithm}:${hex}`));
}

/** What to say of a layer that is nowhere. */
export function unknownBlob(digest: Digest, cause?: unknown): ArchiveError {
  return new ArchiveError(`Unknown blob ${digest}`, { cause });
}
