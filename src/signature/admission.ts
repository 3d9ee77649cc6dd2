// Whether an image may be used: the requirements that a policy has for it, one after the other (images-and-transports §7.1).
import { SignatureRefusedError } from './errors.js';
import { GpgError, type Environment } from './gpg-program.js';
import { KeyRing } from './key-ring.js';
import { policyEntryFor, type Requirement } from './policy.js';
import type { PolicyFile } from './policy-file.js';
import { parseSignatures, sigstoreSignatureType } from './signature-format.js';
import type { SignedImage } from './signed-image.js';
import { checkSigstoreSignature, sigstoreKey } from './sigstore.js';
import { checkSimpleSignature } from './simple-signing.js';
import { trustedKeys } from './trusted-keys.js';

export interface AdmissionOptions {
  /** For gpg: PATH, TMPDIR. */
  readonly environment: Environment;
  /** Signatures of the kind that is asked for are checked if there are any, but need not be there. */
  readonly unsigned?: boolean;
}

type SignedBy = Requirement & { readonly type: 'signedBy' };
type SigstoreSigned = Requirement & { readonly type: 'sigstoreSigned' };

/**
 * Throws {@link SignatureRefusedError} unless every requirement holds; it says which one of which policy does not. Signatures
 * are fetched only if one asks for them, and what goes wrong with that is a refusal, too.
 */
export async function requireAdmitted(
  policy: PolicyFile,
  image: SignedImage,
  options: AdmissionOptions,
  signal: AbortSignal,
): Promise<void> {
  const { requirements, place } = policyEntryFor(policy, image.origin);
  for (const requirement of requirements) {
    try {
      await requireOne(requirement, image, options, signal);
    } catch (cause) {
      signal.throwIfAborted();
      const message = cause instanceof Error ? cause.message.trim() : String(cause);
      throw new SignatureRefusedError(`${message} (${requirement.type} for ${place} in ${policy.path})`, {
        cause,
      });
    }
  }
}

async function requireOne(
  requirement: Requirement,
  image: SignedImage,
  options: AdmissionOptions,
  signal: AbortSignal,
): Promise<void> {
  switch (requirement.type) {
    case 'insecureAcceptAnything':
      return;
    case 'reject': {
      const { transport, name } = image.origin;
      throw new SignatureRefusedError(`Running image ${transport}:${name} is rejected by policy.`);
    }
    case 'signedBaseLayer':
      throw new SignatureRefusedError('signedBaseLayer not implemented yet!');
    case 'signedBy':
      return await requireSignedBy(requirement, image, options, signal);
    case 'sigstoreSigned':
      return await requireSigstoreSigned(requirement, image, options, signal);
  }
}

async function requireSignedBy(
  { keyType, keys, identity }: SignedBy,
  image: SignedImage,
  { environment, unsigned }: AdmissionOptions,
  signal: AbortSignal,
): Promise<void> {
  if (keyType !== 'GPGKeys') throw new SignatureRefusedError(`keyType "${keyType}" is not supported`);
  const signatures = await parseSignatures(await image.signatures());
  const messages = signatures.flatMap((signature) =>
    signature.kind === 'simple' ? [signature.message] : [],
  );
  if (messages.length === 0 && unsigned === true) return;
  if (messages.length === 0) throw noSignature(signatures.length, 'simple');
  await using ring = await KeyRing.open(await trustedKeys(keys), environment, signal);
  if (ring.fingerprints.length === 0) throw new SignatureRefusedError('No public keys imported');
  await requireAny(
    messages,
    (message) => checkSimpleSignature(message, image, ring, identity, signal),
    signal,
  );
}

async function requireSigstoreSigned(
  { keys, unsupported, identity }: SigstoreSigned,
  image: SignedImage,
  { unsigned }: AdmissionOptions,
  signal: AbortSignal,
): Promise<void> {
  if (keys === undefined || unsupported.length > 0) {
    throw new SignatureRefusedError(`sigstoreSigned with ${unsupported.join(' and ')} is not supported`);
  }
  const all = await parseSignatures(await image.signatures());
  const signatures = all.flatMap((signature) =>
    signature.kind === 'sigstore' && signature.mimeType === sigstoreSignatureType ? [signature] : [],
  );
  if (signatures.length === 0 && unsigned === true) return;
  if (signatures.length === 0) throw noSignature(all.length, 'sigstore');
  const publicKeys = (await trustedKeys(keys)).map(sigstoreKey);
  await requireAny(
    signatures,
    async (signature) => checkSigstoreSignature(signature, image, publicKeys, identity),
    signal,
  );
}

function noSignature(others: number, kind: string): SignatureRefusedError {
  const found = others === 0 ? '' : ` (${others} of other kinds than ${kind})`;
  return new SignatureRefusedError(`A signature was required, but no signature exists${found}`);
}

/** One that is accepted is enough; otherwise every reason is told. */
async function requireAny<Signature>(
  signatures: readonly Signature[],
  check: (signature: Signature) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const reasons: string[] = [];
  for (const signature of signatures) {
    try {
      await check(signature);
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SignatureRefusedError) && !(error instanceof GpgError)) throw error;
      reasons.push(error.message);
    }
  }
  const [reason = ''] = reasons;
  if (reasons.length === 1) throw new SignatureRefusedError(reason);
  throw new SignatureRefusedError(`None of the signatures were accepted, reasons: ${reasons.join('; ')}`);
}
