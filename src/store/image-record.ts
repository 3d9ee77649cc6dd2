// Records of images.json: how they are read, made, merged and named.
import { digestOf, type Digest } from '../oci/digest.js';
import { mapOf, object, optionalText, ordered, text, texts } from './decode.js';
import { makeRecord, type Decode, type RawRecord, type StoredRecord } from './record-file.js';

/** An image of the store. The same object as long as its record does not change. */
export interface StoredImage {
  readonly id: string;
  /** A manifest digest. */
  readonly digest: string | undefined;
  /** Fully qualified references, newest first. */
  readonly names: readonly string[];
  /** Every name it ever had, newest first. */
  readonly namesHistory: readonly string[];
  /** Id of the top layer; absent for images without layers. */
  readonly layer: string | undefined;
  /** Copies of the top layer with shifted ids. */
  readonly mappedLayers: readonly string[];
  readonly metadata: string;
  /** Keys of its data items in the order of storing. */
  readonly bigDataNames: readonly string[];
  readonly bigDataSizes: ReadonlyMap<string, number>;
  readonly bigDataDigests: ReadonlyMap<string, string>;
  /** RFC 3339, as written. */
  readonly created: string;
  readonly flags: Readonly<Record<string, unknown>>;
  /** The store directory it lies in. */
  readonly root: string;
  /** It lies in an additional store. */
  readonly readOnly: boolean;
}

// The order in which Go writes them.
const fields = [
  'id',
  'digest',
  'names',
  'names-history',
  'layer',
  'mapped-layers',
  'metadata',
  'big-data-names',
  'big-data-sizes',
  'big-data-digests',
  'created',
  'flags',
];

const isNumber = (value: unknown): value is number => typeof value === 'number';
const isText = (value: unknown): value is string => typeof value === 'string';

/** How the images of the store at `root` are read. */
export function imageDecoder(root: string, readOnly: boolean): Decode<StoredImage> {
  return (raw) => ({
    id: text(raw, 'id'),
    digest: optionalText(raw, 'digest'),
    names: texts(raw, 'names'),
    namesHistory: texts(raw, 'names-history'),
    layer: optionalText(raw, 'layer'),
    mappedLayers: texts(raw, 'mapped-layers'),
    metadata: text(raw, 'metadata'),
    bigDataNames: texts(raw, 'big-data-names'),
    bigDataSizes: mapOf(raw, 'big-data-sizes', isNumber),
    bigDataDigests: mapOf(raw, 'big-data-digests', isText),
    created: text(raw, 'created'),
    flags: object(raw, 'flags'),
    root,
    readOnly,
  });
}

/** One item of an image's data, as `manifest` or its configuration. */
export interface ImageDataItem {
  readonly key: string;
  readonly bytes: Buffer;
  /** Where it is not that of the bytes: a manifest of schema 1 has that of what was signed. */
  readonly digest?: Digest;
}

/** An image to be added, or to be merged into the one with its id. */
export interface NewImage {
  readonly id: string;
  /** Put in front of the names it has; taken from other images. */
  readonly names: readonly string[];
  /** RFC 3339; the time of storing if absent. */
  readonly created?: string | undefined;
  readonly bigData: readonly ImageDataItem[];
  /** The digest of the manifest. */
  readonly digest?: string | undefined;
  /** JSON text of the sizes of signatures; made for an image without signatures if absent. */
  readonly metadata?: string | undefined;
}

/** The record of a new image without names. */
export function newImageRecord(
  image: NewImage,
  layer: string | undefined,
  decode: Decode<StoredImage>,
): StoredRecord<StoredImage> {
  const raw = {
    id: image.id,
    digest: image.digest,
    layer,
    metadata: metadataOf(image),
    ...dataFields({}, image.bigData),
    created: image.created ?? new Date().toISOString(),
  };
  return makeRecord(ordered(raw, fields), decode);
}

/** The record of an image that exists, with the data of `image` added to it. Its digest and its creation time stay. */
export function mergedImageRecord(
  record: StoredRecord<StoredImage>,
  image: NewImage,
  decode: Decode<StoredImage>,
): StoredRecord<StoredImage> {
  const raw = {
    ...record.raw,
    digest: record.value.digest ?? image.digest,
    metadata: mergedMetadata(record.value.metadata, metadataOf(image)),
    ...dataFields(record.raw, image.bigData),
  };
  return makeRecord(ordered(raw, fields), decode);
}

/** The record with these names. Each becomes the newest of the history, in turn, as Go has it. */
export function renamedRecord(
  record: StoredRecord<StoredImage>,
  names: readonly string[],
  decode: Decode<StoredImage>,
): StoredRecord<StoredImage> {
  const kept = [...new Set(names)];
  const raw = {
    ...record.raw,
    names: kept,
    'names-history': [...new Set([...kept.toReversed(), ...record.value.namesHistory])],
  };
  return makeRecord(ordered(raw, fields), decode);
}

/** The record without names that another image has taken; the history keeps them. The same record if it has none of them. */
export function recordWithout(
  record: StoredRecord<StoredImage>,
  taken: ReadonlySet<string>,
  decode: Decode<StoredImage>,
): StoredRecord<StoredImage> {
  if (!record.value.names.some((name) => taken.has(name))) return record;
  const raw = { ...record.raw, names: record.value.names.filter((name) => !taken.has(name)) };
  return makeRecord(ordered(raw, fields), decode);
}

function dataFields(raw: RawRecord, items: readonly ImageDataItem[]): RawRecord {
  const names = [...new Set([...texts(raw, 'big-data-names'), ...items.map(({ key }) => key)])];
  const sizes: Record<string, unknown> = { ...object(raw, 'big-data-sizes') };
  const digests: Record<string, unknown> = { ...object(raw, 'big-data-digests') };
  for (const { key, bytes, digest } of items) {
    sizes[key] = bytes.length;
    digests[key] = digest?.startsWith('sha256:') === true ? digest : digestOf(bytes);
  }
  return { 'big-data-names': names, 'big-data-sizes': sorted(sizes), 'big-data-digests': sorted(digests) };
}

/** Go writes maps in the order of their keys. */
function sorted(map: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.keys(map)
      .toSorted()
      .map((key) => [key, map[key]]),
  );
}

function metadataOf(image: NewImage): string {
  if (image.metadata !== undefined) return image.metadata;
  return JSON.stringify({ 'signatures-sizes': image.digest === undefined ? {} : { [image.digest]: [] } });
}

function mergedMetadata(old: string, added: string): string {
  const before = parsedObject(old);
  const after = parsedObject(added);
  if (before === undefined || after === undefined) return added;
  const sizes = { ...object(before, 'signatures-sizes'), ...object(after, 'signatures-sizes') };
  // Those of "the" manifest, which is another one now.
  const { 'signature-sizes': _, ...kept } = before;
  return JSON.stringify({ ...kept, ...after, 'signatures-sizes': sizes });
}

function parsedObject(json: string): RawRecord | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as RawRecord)
      : undefined;
  } catch {
    return undefined;
  }
}
