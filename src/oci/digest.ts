// Digests: `algorithm:hex` strings that were checked before anything is named after them.
import { createHash } from 'node:crypto';

/** A checked digest, such as `sha256:` and 64 lower-case hex digits. */
export type Digest = string & { readonly __digest: unique symbol };

/** A text that was meant to be a digest and is not. `reason` is the wording clients know. */
export class DigestError extends Error {
  override readonly name = 'DigestError';
  readonly code = 'INVALID_DIGEST';
  readonly text: string;
  readonly reason: string;
  constructor(text: string, reason: string) {
    super(`${reason}: ${JSON.stringify(text)}`);
    this.text = text;
    this.reason = reason;
  }
}

// The shape of any digest, of algorithms we do not know as well.
const shape = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/;
const hexDigits: ReadonlyMap<string, number> = new Map([
  ['sha256', 64],
  ['sha384', 96],
  ['sha512', 128],
]);

/** The digest in `text`; throws {@link DigestError}. Only sha256, sha384 and sha512 in lower-case hex pass. */
export function parseDigest(text: string): Digest {
  if (!shape.test(text)) throw new DigestError(text, 'invalid checksum digest format');
  const colon = text.indexOf(':');
  const digits = hexDigits.get(text.slice(0, colon));
  if (digits === undefined) throw new DigestError(text, 'unsupported digest algorithm');
  const hex = text.slice(colon + 1);
  if (hex.length !== digits) throw new DigestError(text, 'invalid checksum digest length');
  if (!/^[0-9a-f]*$/.test(hex)) throw new DigestError(text, 'invalid checksum digest format');
  return text as Digest;
}

/** The digest made of the hex form of a sha256 sum. */
export function sha256Digest(hex: string): Digest {
  return parseDigest(`sha256:${hex}`);
}

/** `sha256`, `sha384` or `sha512`. */
export function digestAlgorithm(digest: Digest): string {
  return digest.slice(0, digest.indexOf(':'));
}

/** The part behind the colon. */
export function digestHex(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1);
}

/** The digest of these bytes: sha256, or with the algorithm of `like`. */
export function digestOf(bytes: Uint8Array, like?: Digest): Digest {
  const algorithm = like === undefined ? 'sha256' : digestAlgorithm(like);
  return parseDigest(`${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`);
}
