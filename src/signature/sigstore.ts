// Sigstore signatures by plain keys: the payload's bytes are signed (images-and-transports §7.3).
import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { SignatureRefusedError } from './errors.js';
import { claimTypes, parseClaim } from './payload.js';
import { sigstoreSignatureKey, type SigstoreSignature } from './signature-format.js';
import { checkClaim, type SignedImage } from './signed-image.js';
import type { SignedIdentity } from './signed-identity.js';
import { fromBase64, StrictObjectError } from './strict-object.js';

/** Throws {@link SignatureRefusedError} unless one of `keys` has signed this image. */
export function checkSigstoreSignature(
  { payload, annotations }: SigstoreSignature,
  image: SignedImage,
  keys: readonly KeyObject[],
  identity: SignedIdentity,
): void {
  const text = Object.hasOwn(annotations, sigstoreSignatureKey)
    ? annotations[sigstoreSignatureKey]
    : undefined;
  if (text === undefined) throw new SignatureRefusedError(`missing ${sigstoreSignatureKey} annotation`);
  const signature = signatureBytes(text);
  if (!keys.some((key) => isSigned(payload, key, signature))) {
    throw new SignatureRefusedError('cryptographic signature verification failed: no trusted key made it');
  }
  checkClaim(parseClaim(payload, claimTypes.sigstore), image, identity);
}

function signatureBytes(text: string): Buffer {
  try {
    return fromBase64(text, sigstoreSignatureKey);
  } catch (cause) {
    if (!(cause instanceof StrictObjectError)) throw cause;
    throw new SignatureRefusedError(cause.message, { cause });
  }
}

/** Always over SHA-256, but for Ed25519, which has its own. */
function isSigned(payload: Buffer, key: KeyObject, signature: Buffer): boolean {
  return verify(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', payload, key, signature);
}

const curves: ReadonlySet<string | undefined> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);
const minRsaBits = 2048;

/** The key in a PEM file. Throws {@link SignatureRefusedError} for what is no public key of a kind that is known. */
export function sigstoreKey(pem: Buffer): KeyObject {
  const text = pem.toString('latin1');
  // node would make a public key of a private one and of a certificate, too.
  const header = /^-----BEGIN (?:RSA )?PUBLIC KEY-----\s/;
  if (!header.test(text.trimStart())) {
    throw new SignatureRefusedError('parsing public key: the PEM text has no public key');
  }
  let key: KeyObject;
  try {
    key = createPublicKey(text);
  } catch (cause) {
    throw new SignatureRefusedError(`parsing public key: ${(cause as Error).message}`, { cause });
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const known =
    type === 'ed25519' ||
    (type === 'ec' && curves.has(details?.namedCurve)) ||
    (type === 'rsa' && (details?.modulusLength ?? 0) >= minRsaBits);
  if (!known)
    throw new SignatureRefusedError(`parsing public key: keys of this kind are not supported: ${type}`);
  return key;
}
