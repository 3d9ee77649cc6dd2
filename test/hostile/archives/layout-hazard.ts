// A layout that is right, and helpers to change it.
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { described, hexOf, layoutFiles, members } from '../../archive/images.js';
import { tarOf, type Made } from '../../archive/tar-builder.js';
import { parts, type Hazard } from './hazard.js';

export type Files = Map<string, Buffer>;

export function layout(
  name: string,
  outcome: Hazard['outcome'],
  change: (files: Files) => Files | void,
): Hazard {
  return layoutMembers(name, outcome, () => {
    const files = layoutFiles(parts);
    return members(change(files) ?? files);
  });
}

export function layoutMembers(name: string, outcome: Hazard['outcome'], list: () => readonly Made[]): Hazard {
  return {
    name,
    form: 'oci-archive',
    outcome,
    make: (path) => writeFileSync(path, tarOf(...list())),
  };
}

export const manifestType = 'application/vnd.oci.image.manifest.v1+json';
export const indexType = 'application/vnd.oci.image.index.v1+json';
export const configType = 'application/vnd.oci.image.config.v1+json';
export const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip';

export interface Parsed {
  readonly manifests: Record<string, unknown>[];
}

export function indexOf(files: Files): Parsed {
  return JSON.parse(files.get('index.json')!.toString()) as Parsed;
}

/** index.json with another entry. */
export function entry(change: Readonly<Record<string, unknown>>): (files: Files) => void {
  return (files) => {
    const [first] = indexOf(files).manifests;
    const index = { schemaVersion: 2, manifests: [{ ...first, ...change }] };
    files.set('index.json', Buffer.from(JSON.stringify(index)));
  };
}

/** A layout whose manifest is another document, rightly named. */
export function manifest(document: object | string, mediaType = manifestType): (files: Files) => void {
  return (files) => {
    const bytes = Buffer.from(typeof document === 'string' ? document : JSON.stringify(document));
    files.set(`blobs/sha256/${hexOf(bytes)}`, bytes);
    entry(described(mediaType, bytes) as unknown as Record<string, unknown>)(files);
  };
}

export const zipped = parts.layers.map((layer) => gzipSync(layer));
export const goodManifest = {
  schemaVersion: 2,
  mediaType: manifestType,
  config: described(configType, parts.config),
  layers: zipped.map((layer) => described(layerType, layer)),
};

export function layers(change: Readonly<Record<string, unknown>>): (files: Files) => void {
  const [first, ...rest] = goodManifest.layers;
  return manifest({ ...goodManifest, layers: [{ ...first, ...change }, ...rest] });
}
