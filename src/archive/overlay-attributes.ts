// How overlay marks what is in an upper directory, and which attributes of a file a layer's tar has a place for.
import { inUserNamespace } from '../sys/mount.js';
import type { Attributes } from '../sys/xattr.js';
import { shortened } from './entry-path.js';
import { demand, PackError } from './errors.js';

/** A file's attributes in a layer. */
export interface LayerAttributes {
  readonly kept: readonly (readonly [key: string, value: Buffer])[];
  /** It is a directory of which nothing below shows through. */
  readonly opaque: boolean;
  /** The key of a note that the content is in a layer below: overlay was mounted with `metacopy` or `redirect_dir`. */
  readonly elsewhere?: string | undefined;
}

const none: LayerAttributes = { kept: [], opaque: false };

/** Where an overlay that is mounted by us has its notes. */
export function opaqueAttribute(): string {
  return `${notesPrefix()}opaque`;
}

function notesPrefix(): string {
  return inUserNamespace() ? 'user.overlay.' : 'trusted.overlay.';
}

/** Notes that the content is in a lower layer, maybe under another name. */
const notesOfContent: readonly string[] = ['metacopy', 'redirect'];

/**
 * What the tar says of the attributes of `path`. `strips`: takes from the file what the tar has no place for, so that it is what it
 * would be if it had come from there; labels of security modules belong to the place and stay.
 */
export function layerAttributes(attributes: Attributes, path: string, strips: boolean): LayerAttributes {
  const keys = attributes.list();
  if (keys.length === 0) return none;
  const kept: [string, Buffer][] = [];
  let opaque = false;
  let elsewhere: string | undefined;
  for (const key of keys) {
    if (isPortable(key)) {
      const value = attributes.get(key);
      if (value !== undefined) kept.push([key, value]);
    } else if (key === opaqueAttribute()) {
      opaque = attributes.get(key)?.toString('latin1') === 'y';
    } else if (notesOfContent.some((note) => key === `${notesPrefix()}${note}`)) {
      elsewhere = key;
    } else if (strips && !key.startsWith('security.')) {
      demand(attributes.remove(key), `removexattr ${key}`, path);
    }
  }
  return { kept, opaque, elsewhere };
}

/** The attributes; throws {@link PackError} where they have such a note. */
export function demandContent(attributes: LayerAttributes, path: string): LayerAttributes {
  const { elsewhere } = attributes;
  if (elsewhere === undefined) return attributes;
  throw new PackError(`its content is in a layer below (${elsewhere})`, shortened(path));
}

// Keys of pax records end at the first equals sign.
function isPortable(key: string): boolean {
  if (key === 'security.capability') return true;
  return key.startsWith('user.') && !key.startsWith('user.overlay.') && !key.includes('=');
}
