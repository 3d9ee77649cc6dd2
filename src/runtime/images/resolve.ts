// Which local image a name means (images-and-transports §2).
import { parseDigest } from '../../oci/digest.js';
import { decompose, searchValues } from '../../oci/local-name.js';
import {
  formatReference,
  InvalidReferenceError,
  parseNormalized,
  preferDigest,
  repositoryName,
  tagNameOnly,
  type Reference,
} from '../../oci/reference.js';
import { parseTransportName, TransportNameError } from '../../oci/transport-name.js';
import type { StoredImage, StoreView } from '../../store/index.js';
import { ImageNotFoundError, messageOf } from '../errors.js';

/** What short names may stand for besides `localhost/` and `docker.io/` (registries.conf). */
export interface ShortNames {
  /** Fully qualified candidates of a short name: its alias, or each unqualified-search registry. */
  candidates(name: string): readonly Reference[];
}

/** An image, and what it was found by. */
export interface Found {
  readonly image: StoredImage;
  /** Those of its names that may have been meant; none if it was asked for by its id. */
  readonly names: readonly string[];
}

/**
 * The local image that `name` means: an id, an id prefix, a name in full, or a short name. This is the order of Podman 1.9, whose
 * clients call: Podman 4 takes `localhost/` before `docker.io/` and the first of several images whose names end so, knows no
 * `docker://`, no short id behind `sha256:` and no id behind `@`, and finds a digest whatever the repository in front of it.
 * Throws {@link ImageNotFoundError}, or InvalidReferenceError when the name is none.
 */
export function findImage(view: StoreView, name: string, shortNames: ShortNames): StoredImage {
  return find(view, name, shortNames).image;
}

/** The same where a name that cannot be one is not found either (io-podman-api §2.2). Throws {@link ImageNotFoundError} only. */
export function findNamed(view: StoreView, name: string, shortNames: ShortNames): Found {
  try {
    return find(view, name, shortNames);
  } catch (error) {
    if (error instanceof ImageNotFoundError) throw error;
    throw new ImageNotFoundError(name, messageOf(error), { cause: error });
  }
}

function find(view: StoreView, name: string, shortNames: ShortNames): Found {
  if (name === '') throw new ImageNotFoundError(name, 'input name is blank');
  const wanted = nameBehindTransport(name) ?? name;
  const exact = foundByText(view, withoutAlgorithm(wanted));
  if (exact !== undefined) return exact;

  const parts = decompose(wanted);
  if (parts.hasRegistry) {
    throw new ImageNotFoundError(name, `unable to find '${wanted}' in local storage: no such image`);
  }
  for (const candidate of [localReference(wanted), ...shortNames.candidates(wanted)]) {
    const found = foundByReference(view, tagNameOnly(candidate), undefined);
    if (found !== undefined) return found;
  }
  return foundByPathSuffix(view, name, wanted);
}

/** The name in `docker://NAME`, `docker-archive:FILE:NAME` and the like; undefined where there is none. */
function nameBehindTransport(text: string): string | undefined {
  try {
    const { transport, rest } = parseTransportName(text);
    const name = transportNamePart(transport, rest);
    return name === undefined ? undefined : formatReference(tagNameOnly(parseNormalized(name)));
  } catch (error) {
    if (error instanceof TransportNameError || error instanceof InvalidReferenceError) return undefined;
    throw error;
  }
}

function transportNamePart(transport: string, rest: string): string | undefined {
  switch (transport) {
    case 'docker':
      return rest.startsWith('//') ? rest.slice(2) : undefined;
    case 'docker-daemon':
      return rest;
    case 'docker-archive':
      return rest.includes(':') ? rest.slice(rest.indexOf(':') + 1) : undefined;
    case 'containers-storage':
      return rest.replace(/^\[[^\]]*\]/, '').replace(/@[0-9a-f]{64}$/, '');
    default:
      return undefined;
  }
}

/** `sha256:` in front of an id is dropped, and only there. */
function withoutAlgorithm(name: string): string {
  const prefix = 'sha256:';
  return name.startsWith(prefix) && name.length > prefix.length ? name.slice(prefix.length) : name;
}

function localReference(name: string): Reference {
  return parseNormalized(`localhost/${name}`);
}

/** §2.1 getImage: a store reference, or else a plain key of the store. Undefined when nothing fits or it does not parse. */
function foundByText(view: StoreView, text: string): Found | undefined {
  const reference = parseStoreReference(view, text);
  if (reference !== undefined) {
    const found = foundByReference(view, reference.named, reference.id);
    if (found !== undefined) return found;
  }
  return foundByKey(view, text);
}

interface StoreReference {
  readonly named: Reference | undefined;
  readonly id: string | undefined;
}

/** §2.1 parseStoreReference; undefined where the original has an error, since every caller goes on to the plain key. */
function parseStoreReference(view: StoreView, text: string): StoreReference | undefined {
  let rest = text.replace(/^\[[^\]]*\]/, '');
  let id: string | undefined;
  const at = rest.lastIndexOf('@');
  if (at >= 0) {
    const behind = rest.slice(at + 1);
    if (!isDigest(behind)) {
      id = idFor(view, behind);
      if (id === undefined) return undefined;
      rest = rest.slice(0, at);
    }
  } else if (rest.length >= 3 && !rest.includes(':')) {
    const image = foundByKey(view, rest)?.image;
    if (image?.id.startsWith(rest) === true) return { named: undefined, id: image.id };
  }
  if (rest === '') return id === undefined ? undefined : { named: undefined, id };
  try {
    return { named: tagNameOnly(parseNormalized(rest)), id };
  } catch {
    return undefined;
  }
}

function idFor(view: StoreView, text: string): string | undefined {
  if (/^[a-f0-9]{64}$/.test(text)) return text;
  if (text.length < 3) return undefined;
  const image = foundByKey(view, text)?.image;
  return image?.id.startsWith(text) === true ? image.id : undefined;
}

function isDigest(text: string): boolean {
  try {
    parseDigest(text);
    return true;
  } catch {
    return false;
  }
}

/** The store's own look-up: full id, exact name, unique id prefix. */
function foundByKey(view: StoreView, key: string): Found | undefined {
  const byId = view.imageById(key);
  if (byId !== undefined) return { image: byId, names: [] };
  const byName = view.imageByName(key);
  if (byName !== undefined) return { image: byName, names: [key] };
  if (!/^[a-f0-9]+$/.test(key)) return undefined;
  const [first, second] = view.imagesByIdPrefix(key);
  return first === undefined || second !== undefined ? undefined : { image: first, names: [] };
}

/** §2.1 getStoreImage and its resolve step. */
function foundByReference(
  view: StoreView,
  named: Reference | undefined,
  id: string | undefined,
): Found | undefined {
  if (id !== undefined) {
    const image = view.imageById(id);
    const fits = image !== undefined && (named === undefined || namesLike(image, named).length > 0);
    return fits ? { image, names: [] } : undefined;
  }
  if (named === undefined) return undefined;
  // A name with a tag and a digest is looked up by the digest alone.
  const name = formatReference(preferDigest(named));
  const byName = view.imageByName(name);
  if (byName !== undefined) return { image: byName, names: [name] };
  if (named.digest === undefined) return undefined;
  for (const image of view.imagesByDigest(named.digest)) {
    const names = namesLike(image, named);
    if (names.length > 0) return { image, names };
  }
  return undefined;
}

/** The image's names in the same repository. */
function namesLike(image: StoredImage, named: Reference): readonly string[] {
  const repository = repositoryName(named);
  return image.names.filter((name) => {
    const parsed = parsedName(name);
    return parsed !== undefined && repositoryName(parsed) === repository;
  });
}

/** §2.2 step 7: the path equal to, or ending with, the wanted one at a `/`; and the same tag. */
function foundByPathSuffix(view: StoreView, asked: string, wanted: string): Found {
  const { name, tag } = searchValues(decompose(wanted));
  const matches = (imageName: string): boolean => {
    const values = valuesOf(imageName);
    if (values === undefined || values.tag !== tag) return false;
    return values.name === name || values.name.endsWith(`/${name}`);
  };
  const hits: Found[] = [];
  for (const image of view.images) {
    const names = image.names.filter(matches);
    if (names.length > 0) hits.push({ image, names });
  }
  const [first, second] = hits;
  if (first === undefined) {
    throw new ImageNotFoundError(
      asked,
      `unable to find a name and tag match for ${name} in repotags: no such image`,
    );
  }
  if (second !== undefined) {
    throw new ImageNotFoundError(
      asked,
      `found multiple name and tag matches for ${name} in repotags: no such image`,
    );
  }
  return first;
}

/** The search values of a stored name; undefined when some other program stored what is no reference. */
function valuesOf(name: string): { readonly name: string; readonly tag: string } | undefined {
  try {
    return searchValues(decompose(name));
  } catch {
    return undefined;
  }
}

/** A stored name as a reference; undefined when some other program stored what is none. */
export function parsedName(name: string): Reference | undefined {
  try {
    return parseNormalized(name);
  } catch {
    return undefined;
  }
}
