// The scopes a policy knows: which there can be for a transport, and which ones an image belongs to (images-and-transports §7.1).
import { posix } from 'node:path';
import { InvalidReferenceError, formatReference, parseNamed, repositoryName } from '../oci/reference.js';
import type { Reference } from '../oci/reference.js';
import type { Transport } from '../oci/transport-name.js';

/** Whose image it is. */
export interface SignedOrigin {
  readonly transport: Transport;
  /** As in `transport:name`, for messages; for `containers-storage` it begins with `[driver@root]`. */
  readonly name: string;
  /** The name in full, where the image has one. */
  readonly reference?: Reference | undefined;
  /** Absolute and without symbolic links, where the image is read from a file or directory. */
  readonly path?: string | undefined;
}

/** What decides about an image, the most specific scope first; `''` stands for the whole transport. */
export function scopesOf(origin: SignedOrigin): readonly string[] {
  return [...namedScopes(origin), ''];
}

function namedScopes({ transport, name, reference, path }: SignedOrigin): readonly string[] {
  switch (transport) {
    case 'docker':
    case 'docker-daemon':
      return reference === undefined ? [] : referenceScopes(reference);
    case 'dir':
    case 'oci':
    case 'oci-archive':
      return path === undefined ? [] : pathScopes(path);
    case 'containers-storage':
      return storageScopes(name);
    // An archive may lie anywhere, and be named anything.
    default:
      return [];
  }
}

/** The name itself, its repository, what that lies in, its host, and the domains above; registries.d has the same ones. */
export function referenceScopes(reference: Reference): readonly string[] {
  return [
    formatReference(reference),
    ...andParents(repositoryName(reference)),
    ...wildcards(reference.domain),
  ];
}

/** `*.example.com` for `quay.example.com:5000`, then its parents; the port does not count. */
function wildcards(domain: string): readonly string[] {
  const labels = domain.replace(/:\d+$/, '').split('.');
  return labels.slice(1).map((_, index) => `*.${labels.slice(index + 1).join('.')}`);
}

/** Without `/`, which would be the same as `''`. */
function pathScopes(path: string): readonly string[] {
  return path === '/' ? [] : andParents(path);
}

function andParents(path: string): readonly string[] {
  const parents: string[] = [path];
  for (let cut = path.lastIndexOf('/'); cut > 0; cut = path.lastIndexOf('/', cut - 1)) {
    parents.push(path.slice(0, cut));
  }
  return parents;
}

const storageName = /^\[([^@\]]*)@([^+\]:]*)[^\]]*\](.*)$/;
const identifier = /^[0-9a-f]{64}$/;

/** `[driver@root]name@id`, then without the id, the repository and what it lies in, the store, the store with any driver. */
function storageScopes(name: string): readonly string[] {
  const match = storageName.exec(name);
  if (match === null) return [];
  const [, driver = '', root = '', image = ''] = match;
  const store = `[${driver}@${root}]`;
  const at = image.lastIndexOf('@');
  const named = at >= 0 && identifier.test(image.slice(at + 1)) ? image.slice(0, at) : image;
  const names = named === '' ? [] : storedNames(named);
  return [...new Set([image, ...names].map((text) => `${store}${text}`)), store, `[${root}]`];
}

function storedNames(named: string): readonly string[] {
  try {
    const reference = parseNamed(named);
    const { tag, digest } = reference;
    const tagged = tag === undefined || digest === undefined ? [] : [`${repositoryName(reference)}:${tag}`];
    return [named, ...tagged, ...andParents(repositoryName(reference))];
  } catch (error) {
    if (error instanceof InvalidReferenceError) return [named];
    throw error;
  }
}

/** May a policy speak of this scope? Nothing is said about transports nobody knows. */
export function isScope(transport: string, scope: string): boolean {
  if (scope === '') return true;
  switch (transport) {
    case 'docker-daemon':
      return !/^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-f]{64}(?:[0-9a-f]{32}){0,2}$/.test(scope);
    case 'dir':
    case 'oci':
    case 'oci-archive':
      return isCleanPath(scope);
    case 'containers-storage':
      return isStorageScope(scope);
    case 'docker-archive':
    case 'tarball':
      return false;
    default:
      return true;
  }
}

function isCleanPath(path: string): boolean {
  if (!path.startsWith('/') || path === '/') return false;
  const clean = posix.normalize(path);
  return clean === path && !clean.endsWith('/');
}

/** What stands behind the store is taken as it is, as other tools do. */
function isStorageScope(scope: string): boolean {
  const [, root = ''] = /^\[(?:[^@\]]+@)?([^\]]+)\]/.exec(scope) ?? [];
  return root.startsWith('/');
}
