// The documents of an OCI layout: which of its blobs are images, and what they are called (images-and-transports §4.4).
import { digestAlgorithm, digestHex, type Digest } from '../oci/digest.js';
import type { Descriptor } from '../oci/descriptor.js';
import { goJson } from '../oci/go-json.js';
import { Fields, JsonFieldError } from '../oci/json-fields.js';
import { ManifestError, parseManifest } from '../oci/manifest.js';
import { ociIndex } from '../oci/media-types.js';
import { parseStrictJson, StrictJsonError, type JsonObject } from '../oci/strict-json.js';
import { ArchiveError, MissingMemberError, shown } from './archive-errors.js';
import type { ImageFiles } from './image-files.js';

export const layoutFile = 'oci-layout';
export const indexFile = 'index.json';
/** To the byte what other programs write. */
export const layoutText = '{"imageLayoutVersion": "1.0.0"}';
const maxLayoutBytes = 64 * 1024;

const refNameKey = 'org.opencontainers.image.ref.name';
const containerdNameKey = 'io.containerd.image.name';

/** The digest was checked, so that the path leads nowhere else. */
export function blobPath(digest: Digest): string {
  return `blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`;
}

/** What index.json says of an image, or of an index. */
export interface LayoutEntry {
  readonly descriptor: Descriptor;
  readonly refName: string | undefined;
  /** The one that containerd and Docker write, which is in full, or else the ref name. */
  readonly name: string | undefined;
}

/** Throws {@link ArchiveError}, MissingMemberError without index.json, and ManifestError for one that is no index. */
export async function readLayout(
  files: ImageFiles,
  most: number,
  signal: AbortSignal,
): Promise<readonly LayoutEntry[]> {
  await checkVersion(files, signal);
  const index = parseManifest(await files.read(indexFile, most, signal), ociIndex);
  if (index.kind !== 'index') throw new ManifestError('index.json is no index');
  return index.manifests.map((descriptor) => {
    const refName = given(descriptor.annotations?.[refNameKey]);
    return { descriptor, refName, name: given(descriptor.annotations?.[containerdNameKey]) ?? refName };
  });
}

async function checkVersion(files: ImageFiles, signal: AbortSignal): Promise<void> {
  let bytes;
  try {
    bytes = await files.read(layoutFile, maxLayoutBytes, signal);
  } catch (error) {
    // Others read layouts without it.
    if (error instanceof MissingMemberError) return;
    throw error;
  }
  try {
    const version = new Fields(parseStrictJson(bytes)).string('imageLayoutVersion') ?? '';
    if (!/^1\.\d/.test(version)) throw new ArchiveError(`unsupported OCI layout version ${shown(version)}`);
  } catch (cause) {
    if (!(cause instanceof StrictJsonError || cause instanceof JsonFieldError)) throw cause;
    throw new ArchiveError(`invalid oci-layout: ${cause.message}`, { cause });
  }
}

function given(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

/** An image or an index that is added to a layout. */
export interface AddedEntry {
  readonly descriptor: Pick<Descriptor, 'mediaType' | 'digest' | 'size'>;
  readonly refName: string | undefined;
}

/**
 * index.json with `added`, each in the place of the entry of the same name, or without a name of the one that is the same;
 * all else of `existing` stays. Throws {@link ArchiveError} when that is no index.
 */
export function formatLayoutIndex(existing: Uint8Array | undefined, added: readonly AddedEntry[]): Buffer {
  const document = existing === undefined ? { schemaVersion: 2 } : existingIndex(existing);
  const { manifests = [] } = document as { readonly manifests?: readonly JsonObject[] };
  let entries: readonly object[] = manifests;
  for (const entry of added) entries = withEntry(entries, entry);
  return Buffer.from(goJson({ ...document, manifests: entries }));
}

function existingIndex(bytes: Uint8Array): JsonObject {
  const index = parseManifest(bytes, ociIndex);
  if (index.kind !== 'index') throw new ArchiveError('index.json is no index');
  return parseStrictJson(bytes) as JsonObject;
}

function withEntry(entries: readonly object[], { descriptor, refName }: AddedEntry): readonly object[] {
  const { mediaType, digest, size } = descriptor;
  const annotations = refName === undefined ? {} : { annotations: { [refNameKey]: refName } };
  const entry = { mediaType, digest, size, ...annotations };
  const at = entries.findIndex((other) => {
    const { annotations: notes, digest: is } = other as Partial<Descriptor>;
    const name = given(notes?.[refNameKey]);
    return refName === undefined ? name === undefined && is === digest : name === refName;
  });
  return at < 0 ? [...entries, entry] : entries.with(at, entry);
}
