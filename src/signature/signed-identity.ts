// Whose name a signature must be for: the rules of `signedIdentity` (images-and-transports §7.1).
import type { Json } from '../oci/strict-json.js';
import {
  formatReference,
  InvalidReferenceError,
  isDomain,
  parseNamed,
  parseNormalized,
  parseReference,
  repositoryName,
  type Reference,
} from '../oci/reference.js';
import { PolicyFormatError } from './errors.js';
import { StrictObject } from './strict-object.js';

export type SignedIdentity =
  | { readonly type: 'matchExact' | 'matchRepoDigestOrExact' | 'matchRepository' }
  | { readonly type: 'exactReference' | 'exactRepository'; readonly reference: Reference }
  | { readonly type: 'remapIdentity'; readonly prefix: string; readonly signedPrefix: string };

export const defaultIdentity: SignedIdentity = { type: 'matchRepoDigestOrExact' };

/** Throws {@link PolicyFormatError} and StrictObjectError. */
export function parseSignedIdentity(value: Json | undefined, what: string): SignedIdentity {
  // Other tools take null for an object without a type.
  const object = new StrictObject(value === null ? {} : value, what);
  const type = object.get('type');
  switch (type) {
    case 'matchExact':
    case 'matchRepoDigestOrExact':
    case 'matchRepository':
      object.only(['type']);
      return { type };
    case 'exactReference':
      return { type, reference: exactReference(object.only(['type', 'dockerReference'])) };
    case 'exactRepository':
      object.only(['type', 'dockerRepository']);
      return { type, reference: named('dockerRepository', object.string('dockerRepository')) };
    case 'remapIdentity':
      object.only(['type', 'prefix', 'signedPrefix']);
      return { type, prefix: prefix(object, 'prefix'), signedPrefix: prefix(object, 'signedPrefix') };
    default:
      throw new PolicyFormatError(`Unknown policy reference match type ${quoted(type)}`);
  }
}

function exactReference(object: StrictObject): Reference {
  const text = object.string('dockerReference');
  const reference = named('dockerReference', text);
  if (isNameOnly(reference)) {
    throw new PolicyFormatError(`dockerReference ${text} contains neither a tag nor digest`);
  }
  return reference;
}

function named(key: string, text: string): Reference {
  try {
    return parseNormalized(text);
  } catch (cause) {
    if (!(cause instanceof InvalidReferenceError)) throw cause;
    throw new PolicyFormatError(`Invalid format of ${key} ${text}: ${cause.message}`, { cause });
  }
}

/** A host, or a repository on one. */
function prefix(object: StrictObject, key: string): string {
  const text = object.string(key);
  if (isDomain(text)) return text;
  try {
    const reference = parseReference(text);
    if (reference.domain !== '' && isNameOnly(reference)) return text;
  } catch (error) {
    if (!(error instanceof InvalidReferenceError)) throw error;
  }
  throw new PolicyFormatError(`prefix ${JSON.stringify(text)} is not valid`);
}

/** Does a signature for `signed`, as it stands there, count for an image of this name? */
export function identityMatches(
  identity: SignedIdentity,
  image: Reference | undefined,
  signed: string,
): boolean {
  const signature = parsed(parseNormalized, signed);
  if (signature === undefined) return false;
  switch (identity.type) {
    case 'exactReference':
      return sameExactly(identity.reference, signature);
    case 'exactRepository':
      return sameRepository(identity.reference, signature);
    case 'matchExact':
      return image !== undefined && sameExactly(image, signature);
    case 'matchRepository':
      return image !== undefined && sameRepository(image, signature);
    case 'matchRepoDigestOrExact':
      return image !== undefined && repositoryDigestOrExact(image, signature);
    default: {
      const intended = image === undefined ? undefined : remapped(identity, image);
      return intended !== undefined && repositoryDigestOrExact(intended, signature);
    }
  }
}

/** An image by digest is the one that was signed, whatever its tag was: the digest itself is compared elsewhere. */
function repositoryDigestOrExact(image: Reference, signature: Reference): boolean {
  if (isNameOnly(signature)) return false;
  if (image.tag !== undefined) return formatReference(image) === formatReference(signature);
  return image.digest !== undefined && sameRepository(image, signature);
}

function sameExactly(image: Reference, signature: Reference): boolean {
  if (isNameOnly(image) || isNameOnly(signature)) return false;
  return formatReference(image) === formatReference(signature);
}

function sameRepository(image: Reference, signature: Reference): boolean {
  return repositoryName(image) === repositoryName(signature);
}

/** The image under the name it was signed with; undefined where that is no name. */
function remapped(
  { prefix, signedPrefix }: { readonly prefix: string; readonly signedPrefix: string },
  image: Reference,
): Reference | undefined {
  const name = repositoryName(image);
  if (name !== prefix && !name.startsWith(`${prefix}/`)) return image;
  return parsed(parseNamed, `${signedPrefix}${formatReference(image).slice(prefix.length)}`);
}

function parsed(parse: (text: string) => Reference, text: string): Reference | undefined {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof InvalidReferenceError) return undefined;
    throw error;
  }
}

function isNameOnly({ tag, digest }: Reference): boolean {
  return tag === undefined && digest === undefined;
}

function quoted(value: Json | undefined): string {
  return JSON.stringify(typeof value === 'string' ? value : '');
}
