// Whether an image may be used, and signatures made and kept: simple signing and sigstore.
export type { AdmissionOptions } from './admission.js';
export { requireAdmitted } from './admission.js';
export {
  LookasideError,
  PolicyFormatError,
  RegistriesDError,
  SignatureRefusedError,
  SigningError,
} from './errors.js';
export type { PolicyFile } from './policy-file.js';
export { readPolicy } from './policy-file.js';
export type { SigstoreSignature } from './signature-format.js';
export { formatSigstore, parseSignatures } from './signature-format.js';
export type { SignedImage } from './signed-image.js';
export type { SigningRequest } from './simple-signing.js';
export { makeSimpleSignature } from './simple-signing.js';
export type { SignaturePlaces } from './registries-d.js';
export { readRegistriesD, signaturePlaces } from './registries-d.js';
export { readLookaside, writeLookaside } from './lookaside.js';
