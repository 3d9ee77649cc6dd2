// What stands behind the transport in a name: a reference, or a path and which of its images is meant (images-and-transports §4.1).
import { parseNormalized, tagNameOnly, type Reference } from './reference.js';
import { TransportNameError, type Transport, type TransportName } from './transport-name.js';

/** Which image of an archive or a layout: the one with this name or at this place; without either the only one. */
export interface ImageSelector {
  readonly name?: string;
  /** From 0. */
  readonly index?: number;
}

/** Where one image is, or is to be. Paths are as they were written. */
export type ImageLocation =
  | { readonly transport: 'docker'; readonly reference: Reference }
  | { readonly transport: 'docker-daemon'; readonly reference: string }
  | { readonly transport: 'containers-storage'; readonly name: string }
  | { readonly transport: 'dir'; readonly path: string }
  | {
      readonly transport: 'docker-archive' | 'oci' | 'oci-archive';
      readonly path: string;
      readonly image: ImageSelector;
    }
  | { readonly transport: 'tarball'; readonly paths: readonly string[] };

/** Throws {@link TransportNameError}, and InvalidReferenceError for what is no name. */
export function parseImageLocation({ transport, rest }: TransportName): ImageLocation {
  switch (transport) {
    case 'docker':
      if (!rest.startsWith('//'))
        throw new TransportNameError(`docker: image reference ${rest} does not start with //`);
      return { transport, reference: tagNameOnly(parseNormalized(rest.slice(2))) };
    case 'docker-daemon':
      return { transport, reference: rest };
    case 'containers-storage':
      return { transport, name: storeName(rest) };
    case 'dir':
      return { transport, path: pathOf(transport, rest) };
    case 'tarball':
      return { transport, paths: rest.split(':').map((path) => pathOf(transport, path)) };
    default:
      return { transport, ...archiveLocation(transport, rest) };
  }
}

function archiveLocation(
  transport: 'docker-archive' | 'oci' | 'oci-archive',
  rest: string,
): { readonly path: string; readonly image: ImageSelector } {
  const colon = rest.indexOf(':');
  const path = pathOf(transport, colon < 0 ? rest : rest.slice(0, colon));
  const image = colon < 0 ? '' : rest.slice(colon + 1);
  if (image === '') return { path, image: {} };
  if (image.startsWith('@')) return { path, image: { index: indexOf(transport, rest, image.slice(1)) } };
  if (transport !== 'docker-archive') {
    if (!imagePattern.test(image)) throw new TransportNameError(`Invalid image ${image}`);
    return { path, image: { name: image } };
  }
  const { digest } = parseNormalized(image);
  if (digest !== undefined) throw unfit(transport, rest, 'a digest names no image in it');
  return { path, image: { name: image } };
}

// Written so that no text can be matched in two ways.
const imageWord = '[A-Za-z0-9]+(?:(?:[-._:@+]|--)[A-Za-z0-9]+)*';
const imagePattern = new RegExp(`^${imageWord}(?:/${imageWord})*$`);

function indexOf(transport: Transport, rest: string, digits: string): number {
  const index = Number(digits);
  if (/^[0-9]+$/.test(digits) && Number.isSafeInteger(index)) return index;
  throw unfit(transport, rest, `invalid source index @${digits}, expected a decimal number from 0`);
}

function pathOf(transport: Transport, path: string): string {
  if (path === '' || path.includes('\0')) throw unfit(transport, path, 'it names no path');
  return path;
}

/** Only our own store is served: which one another program would take is not looked at. */
function storeName(rest: string): string {
  if (!rest.startsWith('[')) return rest;
  throw unfit('containers-storage', rest, 'only the store of this service can be named, without [ ]');
}

function unfit(transport: Transport, rest: string, reason: string): TransportNameError {
  return new TransportNameError(`Invalid image name "${transport}:${rest}": ${reason}`);
}
