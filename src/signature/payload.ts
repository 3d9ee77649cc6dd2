// What a signature says: the digest of a manifest and the name it is for (images-and-transports §7.2, 7.3).
import { DigestError, parseDigest, type Digest } from '../oci/digest.js';
import { goJson } from '../oci/go-json.js';
import type { Json } from '../oci/strict-json.js';
import { SignatureRefusedError } from './errors.js';
import { parseDocument, StrictObject, StrictObjectError } from './strict-object.js';

/** What is signed. */
export interface SignedClaim {
  readonly digest: Digest;
  /** As it was written. */
  readonly reference: string;
}

/** The `type` of each kind of signature. */
export const claimTypes = {
  simple: 'atomic container signature',
  sigstore: 'cosign container image signature',
} as const;

/** Throws {@link SignatureRefusedError}, also for a critical part that says more than we understand. */
export function parseClaim(payload: Uint8Array, type: string): SignedClaim {
  try {
    return claimIn(new StrictObject(parseDocument(payload), 'the signed document'), type);
  } catch (cause) {
    if (!(cause instanceof StrictObjectError)) throw cause;
    throw new SignatureRefusedError(cause.message, { cause });
  }
}

function claimIn(document: StrictObject, type: string): SignedClaim {
  document.only(['critical', 'optional']);
  // cosign writes null where there is nothing optional.
  if (type !== claimTypes.sigstore || document.get('optional') !== null) {
    checkOptional(document.object('optional'));
  }
  const critical = document.object('critical').only(['type', 'image', 'identity']);
  const found = critical.string('type');
  if (found !== type) throw new SignatureRefusedError(`Unrecognized signature type ${found}`);
  const digest = critical.object('image').only(['docker-manifest-digest']).string('docker-manifest-digest');
  const identity = critical.object('identity').only(['docker-reference']);
  return { digest: signedDigest(digest), reference: identity.string('docker-reference') };
}

function checkOptional(optional: StrictObject): void {
  if (optional.has('creator')) optional.string('creator');
  const timestamp: Json | undefined = optional.get('timestamp');
  if (timestamp !== undefined && !Number.isInteger(timestamp)) {
    throw new SignatureRefusedError('Field optional.timestamp is not an integer');
  }
}

function signedDigest(text: string): Digest {
  try {
    return parseDigest(text);
  } catch (cause) {
    if (!(cause instanceof DigestError)) throw cause;
    throw new SignatureRefusedError(`invalid docker-manifest-digest value ${cause.message}`, { cause });
  }
}

/** The document to sign, with its keys in the order in which Go programs write them. */
export function formatClaim(
  { digest, reference }: SignedClaim,
  type: string,
  made: { readonly creator: string; readonly at: Date },
): Buffer {
  const document = {
    critical: {
      identity: { 'docker-reference': reference },
      image: { 'docker-manifest-digest': digest },
      type,
    },
    optional: { creator: made.creator, timestamp: Math.floor(made.at.getTime() / 1000) },
  };
  return Buffer.from(goJson(document));
}
