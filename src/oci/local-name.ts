// How names are taken apart for the images at hand: which part is a registry, what a new local name becomes.
import type { Reference } from './reference.js';
import {
  formatReference,
  isRegistryHost,
  parseNormalized,
  parseReference,
  tagNameOnly,
} from './reference.js';

/** A reference as it was written, and whether its first part is a host. */
export interface Decomposed {
  readonly reference: Reference;
  readonly hasRegistry: boolean;
}

/** What is compared when an image is looked for among the names of all local images. */
export interface SearchValues {
  readonly registry: string;
  readonly name: string;
  readonly tag: string;
}

/** Parses without normalising. Throws InvalidReferenceError. */
export function decompose(text: string): Decomposed {
  const reference = parseReference(text);
  return { reference, hasRegistry: isRegistryHost(reference.domain) };
}

/** Registry, name and tag to compare; the tag of a name by digest is the word `none`. */
export function searchValues({ reference, hasRegistry }: Decomposed): SearchValues {
  const { domain, path, tag, digest } = reference;
  return {
    registry: hasRegistry ? domain : '',
    name: hasRegistry || domain === '' ? path : `${domain}/${path}`,
    tag: tag ?? (digest === undefined ? 'latest' : 'none'),
  };
}

/** The name in `registry`; only for names without one. Throws InvalidReferenceError. */
export function withRegistry({ reference }: Decomposed, registry: string): Reference {
  return parseNormalized(`${registry}/${formatReference(reference)}`);
}

/**
 * The full form of a name that a user gives to a local image: `localhost/` when it names no registry,
 * `:latest` when it has neither tag nor digest. Throws InvalidReferenceError.
 */
export function normalizedTag(text: string): Reference {
  const decomposed = decompose(text);
  const { reference, hasRegistry } = decomposed;
  const full = hasRegistry
    ? parseNormalized(formatReference(reference))
    : withRegistry(decomposed, 'localhost');
  return tagNameOnly(full);
}
