// What lies in a store on disk, and whether all of it belongs together.
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export interface LayerRecord {
  readonly id: string;
  readonly parent?: string;
  readonly created: string;
  readonly 'diff-digest'?: string;
  readonly flags?: Readonly<Record<string, unknown>>;
}

export interface ImageRecord {
  readonly id: string;
  readonly names?: readonly string[];
  readonly layer?: string;
  readonly created: string;
}

export interface ContainerRecord {
  readonly id: string;
  readonly names?: readonly string[];
  readonly image: string;
  readonly layer: string;
}

export function layerRecords(root: string): Promise<LayerRecord[]> {
  return readRecords(join(root, 'overlay-layers', 'layers.json'));
}

export function imageRecords(root: string): Promise<ImageRecord[]> {
  return readRecords(join(root, 'overlay-images', 'images.json'));
}

export function containerRecords(root: string): Promise<ContainerRecord[]> {
  return readRecords(join(root, 'overlay-containers', 'containers.json'));
}

/** The recipe of a layer's tar; neighbouring segments are one, since their borders mean nothing. */
export async function tarSplit(root: string, layer: string): Promise<unknown[]> {
  const packed = await readFile(join(root, 'overlay-layers', `${layer}.tar-split.gz`));
  const lines = gunzipSync(packed).toString().split('\n');
  const records: unknown[] = [];
  let segment: Buffer[] = [];
  const flush = (): void => {
    if (segment.length > 0) {
      records.push(Buffer.concat(segment).toString('base64'));
    }
    segment = [];
  };
  for (const line of lines.filter((text) => text !== '')) {
    const { position: _, ...record } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    if (record['type'] === 2) {
      segment.push(Buffer.from(record['payload'] as string, 'base64'));
    } else {
      flush();
      records.push(record);
    }
  }
  flush();
  return records;
}

/**
 * Everything in a store that no record explains, and every record that lacks its files: one line for each. A store at
 * rest has none, whoever wrote it.
 */
export async function untidiness(root: string): Promise<string[]> {
  const problems: string[] = [];
  const layers = await layerRecords(root);
  const images = await imageRecords(root);
  const compare = (what: string, found: readonly string[], expected: readonly string[]): void => {
    problems.push(
      ...found.filter((name) => !expected.includes(name)).map((name) => `${what} without record: ${name}`),
      ...expected.filter((name) => !found.includes(name)).map((name) => `${what} missing: ${name}`),
    );
  };
  const layerIds = layers.map((layer) => layer.id);
  const overlay = (await entries(root, 'overlay')).filter((name) => !overlayFiles.has(name));
  compare('overlay directory', overlay, layerIds);
  const inLayers = await entries(root, 'overlay-layers');
  const splits = inLayers.filter((name) => name.endsWith('.tar-split.gz'));
  compare(
    'tar-split',
    splits,
    layerIds.map((id) => `${id}.tar-split.gz`),
  );
  problems.push(
    ...inLayers
      .filter((name) => !splits.includes(name) && !layerFiles.has(name))
      .map((name) => `left in overlay-layers: ${name}`),
    ...(await entries(root, 'overlay-layers/tmp')).map((name) => `left in overlay-layers/tmp: ${name}`),
  );
  const inImages = (await entries(root, 'overlay-images')).filter((name) => !imageFiles.has(name));
  compare(
    'image directory',
    inImages,
    images.map((image) => image.id),
  );
  const links: string[] = [];
  for (const id of layerIds.filter((one) => overlay.includes(one))) {
    links.push(await readFile(join(root, 'overlay', id, 'link'), 'utf8'));
  }
  compare('link', await entries(root, 'overlay/l'), links);
  problems.push(
    ...layers
      .filter((layer) => layer.flags?.['incomplete'] === true)
      .map(({ id }) => `incomplete layer: ${id}`),
    ...layers
      .filter(({ parent }) => parent !== undefined && !layerIds.includes(parent))
      .map(({ id }) => `layer without its parent: ${id}`),
    ...images
      .filter(({ layer }) => layer !== undefined && !layerIds.includes(layer))
      .map(({ id }) => `image without its layer: ${id}`),
  );
  return problems;
}

/** Layers that no image and no container stands on: complete, but for nothing. */
export async function unusedLayers(root: string): Promise<string[]> {
  const layers = new Map((await layerRecords(root)).map((layer) => [layer.id, layer]));
  const used = new Set<string>();
  for (const { layer } of [...(await imageRecords(root)), ...(await containerRecords(root))]) {
    for (let id = layer; id !== undefined && !used.has(id); id = layers.get(id)?.parent) {
      used.add(id);
    }
  }
  return [...layers.keys()].filter((id) => !used.has(id));
}

const overlayFiles: ReadonlySet<string> = new Set(['l', '.has-mount-program']);
const layerFiles: ReadonlySet<string> = new Set([
  'layers.json',
  'layers.lock',
  'volatile-layers.json',
  'tmp',
]);
const imageFiles: ReadonlySet<string> = new Set(['images.json', 'images.lock']);

async function entries(root: string, directory: string): Promise<string[]> {
  const path = join(root, directory);
  return existsSync(path) ? readdir(path) : [];
}

async function readRecords<T>(path: string): Promise<T[]> {
  const text = existsSync(path) ? await readFile(path, 'utf8') : '';
  return text === '' ? [] : (JSON.parse(text) as T[]);
}
