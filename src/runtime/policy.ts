// The signature policy: whether an image of this source may be used at all (images-and-transports §7.1).
import { parseManifest } from '../oci/manifest.js';
import type { Reference } from '../oci/reference.js';
import {
  makeSimpleSignature,
  PolicyFormatError,
  readPolicy,
  requireAdmitted,
  SignatureRefusedError,
  type PolicyFile,
} from '../signature/index.js';
import type { ConfigurationPaths } from './configuration-paths.js';
import type { ImageGate, Signer } from './copy.js';
import { PolicyError } from './errors.js';

/**
 * The gate by policy.json as it is now: each operation reads it again. Throws {@link PolicyError}: without a policy nothing
 * may be copied.
 */
export async function policyGate({ policy: paths, environment }: ConfigurationPaths): Promise<ImageGate> {
  const policy = await policyIn(paths);
  return {
    async admit(origin, manifest, signatures, signal) {
      // What is copied out of an index is an image with signatures of its own: those of the index need not be there.
      const unsigned = parseManifest(manifest.bytes, manifest.mediaType).kind === 'index';
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
 * Signs what is copied to `reference` with a key of the daemon's user, as gpg finds it by `keyId`. Throws SigningError when
 * there is no gpg or no such key.
 */
export function signerFor(keyId: string, reference: Reference, { environment }: ConfigurationPaths): Signer {
  const request = { keyId, reference, creator: 'imaged', environment };
  return (manifest, signal) => makeSimpleSignature({ ...request, manifest }, signal);
}
