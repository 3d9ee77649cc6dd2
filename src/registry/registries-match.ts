// Which entry of registries.conf a reference falls under, and what becomes of the reference.
import type { Reference } from '../oci/reference.js';
import { InvalidReferenceError, formatReference, parseNamed } from '../oci/reference.js';
import { RegistriesConfigError } from './registries-errors.js';

const border = /^(?:$|[:/@])/;

/** Characters of `text`, a full reference, that `prefix` stands for; -1: it does not match. */
export function matchLength(text: string, prefix: string): number {
  if (prefix.startsWith('*.')) return wildcardLength(text, prefix.slice(1));
  return text.startsWith(prefix) && border.test(text.slice(prefix.length, prefix.length + 1))
    ? prefix.length
    : -1;
}

/** `.example.com` must stand within the host and end it. */
function wildcardLength(text: string, suffix: string): number {
  const at = text.indexOf(suffix);
  if (at < 0 || text.slice(0, at).includes('/')) return -1;
  const end = at + suffix.length;
  return border.test(text.slice(end, end + 1)) ? end : -1;
}

/** The entry with the longest matching prefix. */
export function bestMatch<T extends { readonly prefix: string }>(
  entries: readonly T[],
  reference: Reference,
): T | undefined {
  return bestMatchOf(entries, formatReference(reference));
}

/** The same for a text: a full reference, or a host alone. */
export function bestMatchOf<T extends { readonly prefix: string }>(
  entries: readonly T[],
  text: string,
): T | undefined {
  let best: T | undefined;
  for (const entry of entries) {
    const longer = best === undefined || entry.prefix.length > best.prefix.length;
    if (longer && matchLength(text, entry.prefix) >= 0) best = entry;
  }
  return best;
}

/** `reference` with `prefix` replaced by `location`; an empty location changes nothing. */
export function rewrite(reference: Reference, prefix: string, location: string): Reference {
  if (location === '') return reference;
  const text = formatReference(reference);
  const rewritten = `${location}${text.slice(matchLength(text, prefix))}`;
  try {
    return parseNamed(rewritten);
  } catch (cause) {
    if (!(cause instanceof InvalidReferenceError)) throw cause;
    throw new RegistriesConfigError(`rewriting reference ${text} as ${rewritten}: ${cause.message}`, {
      cause,
    });
  }
}
