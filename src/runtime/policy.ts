// The signature policy: whether an image of this source may be used at all (images-and-transports §7.1).
import type { ImageLocation } from '../oci/image-location.js';
import { parseManifest } from '../oci/manifest.js';
import { isSchema1 } from '../oci/schema1.js';
import {
  makeSimpleSignature,
  PolicyFormatError,
  readPolicy,
  requireAdmitted,
  SignatureRefusedError,
  SigningError,
  type PolicyFile,
} from '../signature/index.js';
import type { ConfigurationPaths } from './configuration-paths.js';
import type { ImageGate, Signer } from './copy/copy.js';
import { PolicyError } from './errors.js';
import { formatImageLocation, referenceOf } from './transports.js';

/**
 * The gate by policy.json as it is now: each operation reads it again. Throws {@link PolicyError}: without a policy nothing
 * may be copied.
 */
export async function policyGate({ policy: paths, environment }: ConfigurationPaths): Promise<ImageGate> {
  const policy = await policyIn(paths);
  return {
    async admit(origin, manifest, signatures, signal) {
      // What is copied out of an index is an image with signatures of its own: those of the index need not be there.
      const { bytes, mediaType } = manifest;
      const unsigned = !isSchema1(mediaType) && parseManifest(bytes, mediaType).kind === 'index';
      try {
        const image = { origin, manifest, signatures };
        await requireAdmitted(policy, image, { environment, unsigned }, signal);
      } catch (cause) {
        if (!(cause instanceof SignatureRefusedError)) throw cause;
        throw new PolicyError(`Source image rejected: ${cause.message}`, { cause });
      }
    },
  };
}

async function policyIn(paths: readonly string[]): Promise<PolicyFile> {
  try {
    return await readPolicy(paths);
  } catch (cause) {
    if (cause instanceof PolicyFormatError) throw new PolicyError(cause.message, { cause });
    throw cause;
  }
}

/**
 * Signs what is copied to `destination`, under the name it has there, with a key of the daemon's user as gpg finds it by
 * `keyId`. Throws {@link SigningError} where there is no name; the signer throws it when there is no gpg or no such key.
 */
export function signerFor(
  keyId: string,
  destination: ImageLocation,
  { environment }: ConfigurationPaths,
): Signer {
  const reference = referenceOf(destination);
  if (reference === undefined) {
    const name = formatImageLocation(destination);
    throw new SigningError(`Cannot determine canonical Docker reference for destination ${name}`);
  }
  const request = { keyId, reference, creator: 'imaged', environment };
  return (manifest, signal) => makeSimpleSignature({ ...request, manifest }, signal);
}
