// Simple signing: a document in an OpenPGP message (images-and-transports §7.2).
import type { Digest } from '../oci/digest.js';
import { formatReference, type Reference } from '../oci/reference.js';
import { SignatureRefusedError, SigningError } from './errors.js';
import { GpgError, runGpg, type Environment } from './gpg-program.js';
import type { KeyRing } from './key-ring.js';
import { claimTypes, formatClaim, parseClaim } from './payload.js';
import { checkClaim, type SignedImage } from './signed-image.js';
import type { SignedIdentity } from './signed-identity.js';

/** Throws {@link SignatureRefusedError} unless one of the ring's keys has signed this image: first the key is looked at, then the digest, then the name. */
export async function checkSimpleSignature(
  message: Buffer,
  image: SignedImage,
  ring: KeyRing,
  identity: SignedIdentity,
  signal: AbortSignal,
): Promise<void> {
  const { content, fingerprint } = await ring.verify(message, signal);
  // A subkey is not accepted for its key: other tools refuse such signatures, too.
  if (!ring.fingerprints.includes(fingerprint)) {
    throw new SignatureRefusedError(`Signature by key ${fingerprint} is not accepted`);
  }
  checkClaim(parseClaim(content, claimTypes.simple), image, identity);
}

/** What is to be signed, by whom, and who says so. */
export interface SigningRequest {
  /** As gpg finds it in the user's ring: a fingerprint, an id, an address. */
  readonly keyId: string;
  readonly manifest: Digest;
  /** The name that the image gets. */
  readonly reference: Reference;
  /** The program, as the signature names it. */
  readonly creator: string;
  /** Where gpg finds the ring: GNUPGHOME, HOME. */
  readonly environment: Environment;
}

/** Signs with a key of the user's. Throws {@link SigningError}. */
export async function makeSimpleSignature(request: SigningRequest, signal: AbortSignal): Promise<Buffer> {
  const { keyId, manifest, reference, creator, environment } = request;
  if (keyId === '' || keyId.includes('\0'))
    throw new SigningError('Error creating signature: no key is named');
  const claim = { digest: manifest, reference: formatReference(reference) };
  const document = formatClaim(claim, claimTypes.simple, { creator, at: new Date() });
  const args = ['--no-armor', '--local-user', keyId, '--output', '-', '--sign'];
  try {
    const { exitCode, output, complaint } = await runGpg(args, document, environment, signal);
    if (exitCode === 0 && output.length > 0) return output;
    throw new SigningError(`Error creating signature: ${complaint || `gpg ended with ${exitCode}`}`);
  } catch (cause) {
    if (!(cause instanceof GpgError)) throw cause;
    const what = cause.missing ? 'Signing not supported' : 'Error creating signature';
    throw new SigningError(`${what}: ${cause.message}`, { cause });
  }
}
