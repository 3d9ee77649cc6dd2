// The name that a saved image has in its archive (images-and-transports §4.6).
import { decompose, searchValues } from '../../oci/local-name.js';
import { formatReference, parseNormalized, tagNameOnly } from '../../oci/reference.js';
import type { StoredImage } from '../../store/index.js';
import { parsedName } from '../images/resolve.js';

/**
 * The stored name that `text` means, if it is one; undefined where the image was asked for by its id or a part of it, or by a
 * digest.
 */
export function saveName({ id, names: stored }: StoredImage, text: string): string | undefined {
  if (id.includes(text.replace(/^sha256:/, ''))) return undefined;
  // Archives have no word for a name by digest.
  const names = stored.filter((name) => parsedName(name)?.digest === undefined);
  return names.find((name) => name === text) ?? fullName(names, text) ?? nameByEnd(names, text);
}

/** The name in full: of an image that has both, the local name rather than the one on docker.io, as podman has it. */
function fullName(names: readonly string[], text: string): string | undefined {
  for (const candidate of [`localhost/${text}`, text]) {
    const reference = parsedName(candidate);
    if (reference === undefined) continue;
    const full = formatReference(tagNameOnly(reference));
    if (names.includes(full)) return full;
  }
  return undefined;
}

/** The first whose path ends with the wanted one. */
function nameByEnd(names: readonly string[], text: string): string | undefined {
  if (parsedName(text) === undefined) return undefined;
  const wanted = searchValues(decompose(text));
  return names.find((name) => {
    if (parsedName(name) === undefined) return false;
    const values = searchValues(decompose(name));
    return values.tag === wanted.tag && `/${values.name}`.endsWith(`/${wanted.name}`);
  });
}

/** Further names for an archive, in full; those without a tag are left out. Throws InvalidReferenceError. */
export function additionalNames(texts: readonly string[]): readonly string[] {
  return texts
    .map((text) => parseNormalized(text))
    .filter(({ tag, digest }) => tag !== undefined && digest === undefined)
    .map(formatReference);
}
