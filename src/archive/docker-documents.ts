// What a docker-archive has beside configs and layers: manifest.json, and what Docker before 1.10 read (images-and-transports §4.3).
import { digestHex, digestOf, type Digest } from '../oci/digest.js';
import { goJson, sortedByKey } from '../oci/go-json.js';
import { rawFields } from '../oci/raw-fields.js';
import { parseReference, repositoryName } from '../oci/reference.js';
import { ArchiveError } from './archive-errors.js';

/** One image as it was written. */
export interface WrittenItem {
  readonly configDigest: Digest;
  /** Base first. */
  readonly diffIds: readonly Digest[];
  /** In full, with a tag. */
  readonly names: readonly string[];
  /** Of its top layer in the old form; absent without layers. */
  readonly topId: string | undefined;
}

/** A layer in the old form, where each is an image with a document of its own. */
export interface LegacyLayer {
  readonly id: string;
  readonly diffId: Digest;
  /** Its document. */
  readonly json: string;
}

export function layerFile(diffId: Digest): string {
  return `${digestHex(diffId)}.tar`;
}

export function configFile(digest: Digest): string {
  return `${digestHex(digest)}.json`;
}

/** The fields of the config that the document of the top layer has. */
const copiedFields = [
  'architecture',
  'config',
  'container',
  'container_config',
  'created',
  'docker_version',
  'os',
];

/**
 * The layers of an image in the old form, one by one: there may be thousands. Ids depend on the config too, so that images
 * may share an archive.
 */
export function* legacyLayers(
  configBytes: Uint8Array,
  diffIds: readonly Digest[],
): Generator<LegacyLayer, void> {
  let chain = '';
  let parent: string | undefined;
  for (const [position, diffId] of diffIds.entries()) {
    const top = position === diffIds.length - 1;
    const fields: Record<string, string> = {
      ...(parent !== undefined && { parent: quoted(parent) }),
      ...(top && topFields(configBytes)),
    };
    chain = chain === '' ? diffId : digestOf(Buffer.from(`${chain} ${diffId}`));
    const id = digestHex(digestOf(Buffer.from(rawObject({ ...fields, layer_id: quoted(chain) }))));
    yield { id, diffId, json: rawObject({ ...fields, id: quoted(id) }) };
    parent = id;
  }
}

function topFields(configBytes: Uint8Array): Record<string, string> {
  const config = rawFields(configBytes, new Set(copiedFields));
  return Object.fromEntries(copiedFields.map((name) => [name, config.get(name) ?? 'null']));
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

/** Compact and sorted, of values that are JSON already. */
function rawObject(fields: Readonly<Record<string, string>>): string {
  const sorted = [...sortedByKey(fields)];
  return `{${sorted.map(([key, value]) => `${quoted(key)}:${value}`).join(',')}}`;
}

/** `items` and one more; one with the same config is the same image, and gets the names. */
export function withItem(items: readonly WrittenItem[], added: WrittenItem): readonly WrittenItem[] {
  const known = items.find(({ configDigest }) => configDigest === added.configDigest);
  if (known === undefined) return [...items, added];
  if (known.diffIds.join(' ') !== added.diffIds.join(' ')) {
    throw new ArchiveError(`two images with the config ${added.configDigest} have different layers`);
  }
  const names = [...new Set([...known.names, ...added.names])];
  return items.map((item) => (item === known ? { ...known, names } : item));
}

/** manifest.json. */
export function formatItems(items: readonly WrittenItem[]): Buffer {
  const document = items.map(({ configDigest, names, diffIds }) => ({
    Config: configFile(configDigest),
    RepoTags: names,
    Layers: diffIds.map(layerFile),
  }));
  return Buffer.from(goJson(document));
}

/** repositories: the id of the top layer of each tag of each name. */
export function formatRepositories(items: readonly WrittenItem[]): Buffer {
  const repositories = new Map<string, Record<string, string>>();
  for (const { names, topId } of items) {
    for (const { name, tag } of topId === undefined ? [] : names.map(taggedName)) {
      repositories.set(name, { ...repositories.get(name), [tag]: topId as string });
    }
  }
  const document = Object.fromEntries([...repositories].map(([name, tags]) => [name, sortedByKey(tags)]));
  return Buffer.from(goJson(sortedByKey(document)));
}

/** The two parts of a name in full. Throws {@link ArchiveError} for one without a tag. */
export function taggedName(text: string): { readonly name: string; readonly tag: string } {
  const reference = parseReference(text);
  const { tag } = reference;
  const name = repositoryName(reference);
  if (tag === undefined) throw new ArchiveError(`${name} has no tag, which names in an archive need`);
  return { name, tag };
}
