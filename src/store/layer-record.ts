// Records of layers.json and volatile-layers.json, and the ids of layers.
import { createHash } from 'node:crypto';
import { digestHex, type Digest } from '../oci/digest.js';
import type { Compression } from '../oci/media-types.js';
import { count, numbers, object, optionalText, ordered, text, texts } from './decode.js';
import { makeRecord, type Decode, type RawRecord, type StoredRecord } from './record-file.js';

export type { Compression };

/** A layer of the store. Sizes are in bytes, digests as written by whoever made it. */
export interface StoredLayer {
  readonly id: string;
  readonly parent: string | undefined;
  readonly names: readonly string[];
  readonly metadata: string;
  readonly mountLabel: string | undefined;
  readonly created: string;
  /** Digest and length of the blob as it was received; describes the blob only where {@link compression} is set or both digests agree. */
  readonly compressedDiffDigest: string | undefined;
  readonly compressedSize: number;
  /** The DiffID and the length of the tar; absent in layers of containers and, maybe, in partially pulled ones. */
  readonly diffDigest: string | undefined;
  readonly diffSize: number;
  readonly tocDigest: string | undefined;
  readonly compression: Compression;
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  /** Being created or deleted, by a process that may be dead: views leave these out. */
  readonly incomplete: boolean;
  /** Its files are stored with shifted ids. */
  readonly idMapped: boolean;
  readonly bigDataNames: readonly string[];
  readonly flags: Readonly<Record<string, unknown>>;
  /** The store directory it lies in. */
  readonly root: string;
  readonly readOnly: boolean;
}

const compressions: readonly Compression[] = ['none', 'bzip2', 'gzip', 'xz', 'zstd'];

// The order in which Go writes them.
const fields = [
  'id',
  'names',
  'parent',
  'metadata',
  'mountlabel',
  'created',
  'compressed-diff-digest',
  'compressed-size',
  'diff-digest',
  'diff-size',
  'toc-digest',
  'compression',
  'uidset',
  'gidset',
  'flags',
  'uidmap',
  'gidmap',
  'big-data-names',
];

/** How the layers of the store at `root` are read. */
export function layerDecoder(root: string, readOnly: boolean): Decode<StoredLayer> {
  return (raw) => ({
    id: text(raw, 'id'),
    parent: optionalText(raw, 'parent'),
    names: texts(raw, 'names'),
    metadata: text(raw, 'metadata'),
    mountLabel: optionalText(raw, 'mountlabel'),
    created: text(raw, 'created'),
    compressedDiffDigest: optionalText(raw, 'compressed-diff-digest'),
    compressedSize: count(raw, 'compressed-size'),
    diffDigest: optionalText(raw, 'diff-digest'),
    diffSize: count(raw, 'diff-size'),
    tocDigest: optionalText(raw, 'toc-digest'),
    compression: compressions[count(raw, 'compression')] ?? 'none',
    uids: numbers(raw, 'uidset'),
    gids: numbers(raw, 'gidset'),
    incomplete: object(raw, 'flags')['incomplete'] === true,
    idMapped: Array.isArray(raw['uidmap']) || Array.isArray(raw['gidmap']),
    bigDataNames: texts(raw, 'big-data-names'),
    flags: object(raw, 'flags'),
    root,
    readOnly,
  });
}

/** What is known of a layer when it is added. */
export interface NewLayer {
  readonly id: string;
  readonly parent: string | undefined;
  readonly diffId: Digest;
  readonly diffSize: number;
  /** Of the blob as it was received. */
  readonly blobDigest: Digest;
  readonly blobSize: number;
  readonly compression: Compression;
  readonly uids: readonly number[];
  readonly gids: readonly number[];
}

/** The record of a new layer, complete. */
export function newLayerRecord(
  layer: NewLayer,
  created: string,
  decode: Decode<StoredLayer>,
): StoredRecord<StoredLayer> {
  const raw = {
    id: layer.id,
    parent: layer.parent,
    created,
    'compressed-diff-digest': layer.blobDigest,
    'compressed-size': layer.blobSize,
    'diff-digest': layer.diffId,
    'diff-size': layer.diffSize,
    compression: compressions.indexOf(layer.compression),
    uidset: layer.uids,
    gidset: layer.gids,
  };
  return makeRecord(ordered(raw, fields), decode);
}

/** The record, flagged so that any writer who finds it removes the layer. */
export function incompleteRecord(
  record: StoredRecord<StoredLayer>,
  decode: Decode<StoredLayer>,
): StoredRecord<StoredLayer> {
  if (record.value.incomplete) return record;
  const raw: RawRecord = { ...record.raw, flags: { ...record.value.flags, incomplete: true } };
  return makeRecord(ordered(raw, fields), decode);
}

/** The id of the layer with this content over `parent`: it depends on the contents of the chain only. */
export function layerIdOf(parent: string | undefined, diffId: Digest): string {
  const hex = digestHex(diffId);
  return parent === undefined ? hex : createHash('sha256').update(`${parent}+${hex}`).digest('hex');
}

/** The ids of a chain of layers, base first. */
export function chainIds(diffIds: readonly Digest[]): string[] {
  const ids: string[] = [];
  for (const diffId of diffIds) ids.push(layerIdOf(ids.at(-1), diffId));
  return ids;
}
