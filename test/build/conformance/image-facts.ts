// What an image in a store is, as facts that can be compared: configuration, history, layers, manifest and the files.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { dataFileName } from '../../../src/store/big-data.js';
import type { Facts, Json } from './conformance-case.js';
import { treeFacts } from './tree-facts.js';

type JsonObject = Readonly<Record<string, Json>>;

interface StoredImage {
  readonly id: string;
  readonly names?: readonly string[];
  readonly layer?: string;
}

interface StoredLayer {
  readonly id: string;
  readonly parent?: string;
}

/** Labels by which builders say who they are. */
const identityLabels: ReadonlySet<string> = new Set(['io.buildah.version', 'io.imaged.version']);

// Two builds differ in these; container_config mirrors config.
const unlike: ReadonlySet<string> = new Set([
  'created',
  'config',
  'container',
  'container_config',
  'docker_version',
  'history',
  'id',
  'parent',
  'rootfs',
]);

/** Of the container that the base was committed from: chance, and of no use to anybody. */
const chance: ReadonlySet<string> = new Set(['Hostname', 'Domainname', 'Image']);

/** Times, and digests of stages, which have times. */
const chanceAnnotations: ReadonlySet<string> = new Set([
  'org.opencontainers.image.created',
  'org.opencontainers.image.base.digest',
]);

/**
 * Facts about the image of this name: `outcome`, `config KEY`, `history N KEY`, `layers`, `manifest KEY`, and `tree PATH
 * KEY` for all files (tree-facts.ts).
 */
export function imageFacts(root: string, name: string): Facts {
  const image = findImage(root, name);
  const manifest = readData(root, image.id, 'manifest');
  const config = readData(root, image.id, (manifest['config'] as { digest: string }).digest);
  const facts = new Map<string, Json>([['outcome', 'built']]);
  for (const [key, value] of Object.entries(config)) if (!unlike.has(key)) facts.set(`config ${key}`, value);
  for (const [key, value] of Object.entries((config['config'] ?? {}) as JsonObject)) {
    const cleaned = key === 'Labels' ? withoutIdentity(value) : value;
    if (!chance.has(key) && !isEmpty(cleaned)) facts.set(`config ${key}`, cleaned);
  }
  mirrors(config, facts);
  const history = (config['history'] ?? []) as readonly JsonObject[];
  facts.set('history', history.length);
  for (const [index, { created: _, ...entry }] of history.entries()) {
    for (const [key, value] of Object.entries(entry)) facts.set(`history ${index} ${key}`, unnamed(value));
  }
  // Go writes null for a list of none.
  const diffIds = (config['rootfs'] as { diff_ids: readonly string[] | null }).diff_ids ?? [];
  const layers = stack(root, image.layer);
  facts.set('layers', layers.length);
  if (diffIds.length !== layers.length) facts.set('layers in configuration', diffIds.length);
  facts.set('manifest mediaType', manifest['mediaType'] ?? null);
  facts.set('manifest config', (manifest['config'] as JsonObject)['mediaType'] ?? null);
  for (const [key, value] of Object.entries((manifest['annotations'] ?? {}) as JsonObject)) {
    if (value !== '')
      facts.set(`manifest annotation ${key}`, chanceAnnotations.has(key) ? 'something' : value);
  }
  // A base that nothing is added to has the names of other cases, too.
  facts.set('names', (image.names ?? []).filter((one) => one === name || !/\/case\/\d+:/.test(one)).length);
  for (const [key, value] of treeFacts(root, layers)) facts.set(`tree ${key}`, value);
  return facts;
}

/** Id of the image of this name. Throws where there is none. */
export function imageId(root: string, name: string): string {
  return findImage(root, name).id;
}

function findImage(root: string, name: string): StoredImage {
  const images = readJson(join(root, 'overlay-images', 'images.json')) as readonly StoredImage[];
  const image = images.find(({ id, names }) => id === name || names?.includes(name) === true);
  if (image === undefined) throw new Error(`no image ${name} in ${root}`);
  return image;
}

/** Layers of an image, the topmost first. */
function stack(root: string, top: string | undefined): string[] {
  const records = readJson(join(root, 'overlay-layers', 'layers.json')) as readonly StoredLayer[];
  const parents = new Map(records.map(({ id, parent }) => [id, parent]));
  const layers: string[] = [];
  for (let id = top; id !== undefined && id !== ''; id = parents.get(id)) layers.push(id);
  return layers;
}

/** An intermediate image is named by its id in the comment of what is built on it. */
function unnamed(value: Json): Json {
  return typeof value === 'string' ? value.replace(/^FROM [0-9a-f]{12}$/, 'FROM the step before') : value;
}

/** Docker's second copy of the configuration must be one. */
function mirrors(config: JsonObject, facts: Map<string, Json>): void {
  const copy = config['container_config'];
  if (copy === undefined) return;
  const keys = ['Env', 'Cmd', 'Entrypoint', 'Labels', 'User', 'WorkingDir', 'Volumes', 'ExposedPorts'];
  const own = (config['config'] ?? {}) as JsonObject;
  const unequal = keys.filter(
    (key) => JSON.stringify(own[key] ?? null) !== JSON.stringify((copy as JsonObject)[key] ?? null),
  );
  if (unequal.length > 0) facts.set('config container_config differs in', unequal);
}

function withoutIdentity(labels: Json): Json {
  const kept = Object.entries((labels ?? {}) as JsonObject).filter(([key]) => !identityLabels.has(key));
  return Object.fromEntries(kept);
}

function isEmpty(value: Json): boolean {
  if (value === null || value === '' || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function readData(root: string, id: string, key: string): JsonObject {
  return readJson(join(root, 'overlay-images', id, dataFileName(key))) as JsonObject;
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
