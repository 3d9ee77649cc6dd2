// Manifests: bytes from a registry or an archive → one image or an index, and never a document that is both.
import type { Descriptor } from './descriptor.js';
import { readDescriptor } from './descriptor.js';
import { Fields, JsonFieldError } from './json-fields.js';
import {
  dockerManifest,
  dockerSchema1,
  dockerSchema1Signed,
  isIndexType,
  manifestMediaTypes,
  ociConfig,
  ociIndex,
  ociManifest,
} from './media-types.js';
import { StrictJsonError, parseStrictJson } from './strict-json.js';

/** One image: a configuration and layers, base first. */
export interface ImageManifest {
  readonly kind: 'image';
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
}

/** Several images, as a rule one for each platform. */
export interface ImageIndex {
  readonly kind: 'index';
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
}

export type Manifest = ImageManifest | ImageIndex;

/** Bytes that are no manifest we accept. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
  readonly code = 'INVALID_MANIFEST';
}

/** Bytes of a manifest, and of a configuration, at most. */
export const maxManifestBytes = 4 * 1024 * 1024;
const maxEntries = 10_000;

// Fields that make a document one kind; a document with fields of two kinds would be read differently
// by different tools (CVE-2021-41190).
const fieldsOf: Readonly<Record<string, readonly string[]>> = {
  image: ['config', 'layers'],
  index: ['manifests'],
  schema1: ['fsLayers', 'history'],
};
const knownFields = [
  'schemaVersion',
  'mediaType',
  ...Object.values(fieldsOf).flat(),
  'annotations',
  'subject',
];

/** Parses a manifest; `contentType` is what the sender called it. Throws {@link ManifestError}. */
export function parseManifest(bytes: Uint8Array, contentType?: string): Manifest {
  if (bytes.length > maxManifestBytes) {
    throw new ManifestError(`manifest exceeded maximum allowed size of ${maxManifestBytes} bytes`);
  }
  return refusing(() => {
    const fields = new Fields(parseStrictJson(bytes));
    const mediaType = manifestType(fields, contentType);
    checkUnambiguous(fields, mediaType);
    return kindOf(mediaType) === 'index' ? readIndex(fields, mediaType) : readImage(fields, mediaType);
  });
}

/**
 * What the bytes are: as the sender calls them if that is the type of a manifest, else as they look.
 * Throws {@link ManifestError}; the bytes are not checked any further.
 */
export function manifestMediaType(bytes: Uint8Array, contentType?: string): string {
  return refusing(() => sentType(contentType) ?? guessType(new Fields(parseStrictJson(bytes))));
}

function refusing<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof StrictJsonError || cause instanceof JsonFieldError)) throw cause;
    throw new ManifestError(`invalid manifest: ${cause.message}`, { cause });
  }
}

function sentType(contentType: string | undefined): string | undefined {
  const sent = contentType?.split(';', 1)[0]!.trim().toLowerCase();
  return sent !== undefined && manifestMediaTypes.includes(sent) ? sent : undefined;
}

function manifestType(fields: Fields, contentType: string | undefined): string {
  const declared = fields.string('mediaType');
  const type = sentType(contentType) ?? guessType(fields);
  if (declared !== undefined && declared !== '' && declared !== type) {
    throw new ManifestError(`rejecting ambiguous manifest, media type ${declared} in supposedly ${type}`);
  }
  return type;
}

function guessType(fields: Fields): string {
  const declared = fields.string('mediaType') ?? '';
  if (declared !== '' && manifestMediaTypes.includes(declared)) return declared;
  const version = fields.get('schemaVersion');
  if (version === 1) return fields.has('signatures') ? dockerSchema1Signed : dockerSchema1;
  if (version !== 2) throw new ManifestError(`unsupported schema version ${JSON.stringify(version ?? 0)}`);
  if (fields.object('config')?.string('mediaType') === ociConfig) return ociManifest;
  const manifests = fields.get('manifests');
  return Array.isArray(manifests) && manifests.length > 0 ? ociIndex : dockerManifest;
}

function kindOf(mediaType: string): 'image' | 'index' | 'schema1' {
  if (isIndexType(mediaType)) return 'index';
  return mediaType === ociManifest || mediaType === dockerManifest ? 'image' : 'schema1';
}

function checkUnambiguous(fields: Fields, mediaType: string): void {
  const kind = kindOf(mediaType);
  const others = Object.entries(fieldsOf).flatMap(([of, names]) => (of === kind ? [] : names));
  const unexpected = others.filter((name) => fields.has(name));
  // Go's decoder takes `Layers` for `layers`, so a second spelling is a second value.
  const respelled = fields
    .keys()
    .filter((key) => knownFields.some((name) => name !== key && name.toLowerCase() === key.toLowerCase()));
  const bad = [...unexpected, ...respelled];
  if (bad.length > 0) {
    throw new ManifestError(
      `rejecting ambiguous manifest, unexpected fields ${bad.join(', ')} in supposedly ${mediaType}`,
    );
  }
  if (kind === 'schema1')
    throw new ManifestError('unsupported manifest: Docker image manifest version 2, schema 1');
  const version = fields.integer('schemaVersion');
  if (version !== undefined && version !== 2)
    throw new ManifestError(`unsupported schema version ${version}`);
}

function readImage(fields: Fields, mediaType: string): ImageManifest {
  const config = fields.object('config');
  if (config === undefined) throw fields.error('config', 'an object');
  return {
    kind: 'image',
    mediaType,
    config: readDescriptor(config),
    layers: readDescriptors(fields, 'layers'),
    annotations: fields.stringMap('annotations') ?? {},
  };
}

function readIndex(fields: Fields, mediaType: string): ImageIndex {
  return {
    kind: 'index',
    mediaType,
    manifests: readDescriptors(fields, 'manifests'),
    annotations: fields.stringMap('annotations') ?? {},
  };
}

function readDescriptors(fields: Fields, key: string): readonly Descriptor[] {
  const value = fields.get(key);
  if (Array.isArray(value) && value.length > maxEntries) {
    throw new ManifestError(`invalid manifest: ${key} has more than ${maxEntries} entries`);
  }
  return fields.list(key, readDescriptor) ?? [];
}
