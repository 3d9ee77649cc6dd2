// An image that is to be admitted, as far as signatures and policies speak of it.
import { createHash } from 'node:crypto';
import { digestAlgorithm, digestHex, type Digest } from '../oci/digest.js';
import { SignatureRefusedError } from './errors.js';
import type { SignedClaim } from './payload.js';
import type { SignedOrigin } from './scopes.js';
import { identityMatches, type SignedIdentity } from './signed-identity.js';

export interface SignedImage {
  readonly origin: SignedOrigin;
  readonly manifest: { readonly bytes: Buffer; readonly digest: Digest };
  /** As they are stored. */
  signatures(): Promise<readonly Buffer[]>;
}

/** Throws {@link SignatureRefusedError} unless what was signed is this image under this name. */
export function checkClaim(claim: SignedClaim, image: SignedImage, identity: SignedIdentity): void {
  if (!hasDigest(image.manifest, claim.digest)) {
    throw new SignatureRefusedError(`Signature for digest ${claim.digest} does not match`);
  }
  if (!identityMatches(identity, image.origin.reference, claim.reference)) {
    throw new SignatureRefusedError(`Signature for identity ${claim.reference} is not accepted`);
  }
}

/** A manifest may have been asked for by a digest of another algorithm than the one that was signed. */
function hasDigest({ bytes, digest }: SignedImage['manifest'], signed: Digest): boolean {
  const algorithm = digestAlgorithm(signed);
  if (algorithm === digestAlgorithm(digest)) return signed === digest;
  return createHash(algorithm).update(bytes).digest('hex') === digestHex(signed);
}
