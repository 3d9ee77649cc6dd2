// What can be wrong with policies, signatures and the places they are kept.

/** policy.json is not one. The message is the wording other tools have (images-and-transports §7.1). */
export class PolicyFormatError extends Error {
  override readonly name = 'PolicyFormatError';
  readonly code = 'INVALID_POLICY';
}

/** A signature, or the image for want of one, is not accepted; the message is the reason. */
export class SignatureRefusedError extends Error {
  override readonly name = 'SignatureRefusedError';
  readonly code = 'SIGNATURE_REFUSED';
}

/** An image cannot be signed: no gpg, no such key, nothing to sign it for. */
export class SigningError extends Error {
  override readonly name = 'SigningError';
  readonly code = 'SIGNING_FAILED';
}

/** A file of registries.d is not one, or contradicts another. */
export class RegistriesDError extends Error {
  override readonly name = 'RegistriesDError';
  readonly code = 'INVALID_REGISTRIES_D';
}

/** Signatures cannot be read from, or written to, where registries.d says they are. */
export class LookasideError extends Error {
  override readonly name = 'LookasideError';
  readonly code = 'SIGNATURE_STORE';
}
