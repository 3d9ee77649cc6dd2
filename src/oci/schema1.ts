// Docker's first schema of manifests, read only: layers newest first, each with the old description of an image.
import { parseDigest, DigestError, digestOf, type Digest } from './digest.js';
import { goJson, goTime } from './go-json.js';
import { Fields, JsonFieldError } from './json-fields.js';
import { ManifestError, manifestMediaType, maxManifestBytes } from './manifest.js';
import { dockerSchema1, dockerSchema1Signed } from './media-types.js';
import { rawFields } from './raw-fields.js';
import { isOlderDocker, olderImage } from './schema1-image.js';
import { parseStrictJson, StrictJsonError } from './strict-json.js';

/** One step of the image. */
export interface Schema1Step {
  /** The blob; one that is `empty` is not looked at. */
  readonly blob: Digest;
  readonly empty: boolean;
  /** RFC 3339, as it is written in a config. */
  readonly created: string;
  readonly createdBy: string;
  readonly author: string;
  readonly comment: string;
}

/** A manifest without a config: what one would say is in the steps and in the newest description. */
export interface Schema1Manifest {
  /** Base first. */
  readonly steps: readonly Schema1Step[];
  /** JSON of the newest one. */
  readonly description: string;
}

/** Is this the type of a manifest of schema 1? */
export function isSchema1(mediaType: string): boolean {
  return mediaType === dockerSchema1 || mediaType === dockerSchema1Signed;
}

/** The digest of a manifest: of a signed one of schema 1 that of what was signed. Throws {@link ManifestError}. */
export function manifestDigest(bytes: Uint8Array, mediaType: string, like?: Digest): Digest {
  return digestOf(mediaType === dockerSchema1Signed ? signedPayload(bytes) : bytes, like);
}

/** Has a manifest this digest, whatever it is? Bytes that are none may have it, too. `contentType` is what the sender called it. */
export function hasManifestDigest(bytes: Uint8Array, digest: Digest, contentType?: string): boolean {
  if (digestOf(bytes, digest) === digest) return true;
  try {
    return manifestDigest(bytes, manifestMediaType(bytes, contentType), digest) === digest;
  } catch (error) {
    if (error instanceof ManifestError) return false;
    throw error;
  }
}

/** Parses a manifest of type `mediaType`; nothing but what was signed counts. Throws {@link ManifestError}. */
export function parseSchema1(bytes: Uint8Array, mediaType: string): Schema1Manifest {
  if (bytes.length > maxManifestBytes) {
    throw new ManifestError(`manifest exceeded maximum allowed size of ${maxManifestBytes} bytes`);
  }
  return refusing(() => {
    const payload = mediaType === dockerSchema1Signed ? signedPayload(bytes) : bytes;
    const fields = new Fields(parseStrictJson(payload));
    const version = fields.integer('schemaVersion');
    if (version !== 1) throw new ManifestError(`unsupported schema version ${version}`);
    const others = ['config', 'layers', 'manifests'].filter((key) => fields.has(key));
    if (others.length > 0) {
      throw new ManifestError(
        `rejecting ambiguous manifest, unexpected fields ${others.join(', ')} in supposedly ${mediaType}`,
      );
    }
    return readManifest(fields);
  });
}

/** The config such an image would have, whose digest is its id. `diffIds` are those of the steps that are not empty, base first. */
export function schema1Config({ steps, description }: Schema1Manifest, diffIds: readonly Digest[]): Buffer {
  const fields = new Map(rawFields(descriptionBytes(description)));
  for (const key of ofOldImages) fields.delete(key);
  fields.set('rootfs', goJson({ type: 'layers', ...(diffIds.length > 0 && { diff_ids: diffIds }) }));
  fields.set('history', goJson(steps.map(historyOf)));
  const keys = [...fields.keys()].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return Buffer.from(`{${keys.map((key) => `${goJson(key)}:${fields.get(key)}`).join(',')}}`);
}

/** As it was written, unless it was so long ago that other programs write it anew first. */
function descriptionBytes(description: string): Buffer {
  const bytes = Buffer.from(description);
  return refusing(() => {
    const fields = new Fields(parseStrictJson(bytes));
    const older = isOlderDocker(fields.string('docker_version') ?? '');
    return older ? Buffer.from(goJson(olderImage(fields))) : bytes;
  });
}

const ofOldImages = ['id', 'parent', 'parent_id', 'layer_id', 'throwaway', 'Size'];
/** Docker itself could never stack more than 127, and each is a document to be read. */
const maxLayers = 1000;
const noTime = '0001-01-01T00:00:00Z';

function historyOf({ created, createdBy, author, comment, empty }: Schema1Step): object {
  return {
    created,
    ...(author !== '' && { author }),
    ...(createdBy !== '' && { created_by: createdBy }),
    ...(comment !== '' && { comment }),
    ...(empty && { empty_layer: true }),
  };
}

/** `formatLength` bytes of the document and `formatTail` behind them: what the signatures are of. */
function signedPayload(bytes: Uint8Array): Uint8Array {
  return refusing(() => {
    const signatures = new Fields(parseStrictJson(bytes)).list(
      'signatures',
      (signature) =>
        new Fields(parseStrictJson(Buffer.from(signature.string('protected') ?? '', 'base64url'))),
    );
    const [first, ...others] = signatures ?? [];
    const length = first?.integer('formatLength') ?? -1;
    const tail = first?.string('formatTail') ?? '';
    const agree = others.every(
      (other) => other.integer('formatLength') === length && other.string('formatTail') === tail,
    );
    if (!agree || length < 0 || length > bytes.length) {
      throw new ManifestError('invalid manifest: its signatures do not say what they are of');
    }
    return Buffer.concat([bytes.subarray(0, length), Buffer.from(tail, 'base64url')]);
  });
}

interface Entry {
  readonly blob: Digest;
  readonly text: string;
  readonly fields: Fields;
  readonly id: string;
  readonly parent: string;
}

function readManifest(fields: Fields): Schema1Manifest {
  const given = fields.get('fsLayers');
  if (Array.isArray(given) && given.length > maxLayers) {
    throw new ManifestError(`invalid manifest: fsLayers has more than ${maxLayers} entries`);
  }
  const blobs = fields.list('fsLayers', (layer) => parseDigest(layer.string('blobSum') ?? '')) ?? [];
  const history = fields.list('history', (entry) => entry.string('v1Compatibility') ?? '') ?? [];
  if (blobs.length !== history.length) {
    throw new ManifestError('length of history not equal to number of layers');
  }
  if (history.length === 0) throw new ManifestError('no FSLayers in manifest');
  const entries = linked(blobs.map((blob, index) => readEntry(blob, history[index] ?? '', index)));
  return { steps: entries.toReversed().map(readStep), description: entries[0]?.text ?? '' };
}

function readEntry(blob: Digest, text: string, index: number): Entry {
  const fields = new Fields(parseStrictJson(Buffer.from(text)), `history[${index}].v1Compatibility`);
  const id = fields.string('id') ?? '';
  if (!/^[a-f0-9]{64}$/.test(id)) throw new ManifestError(`image ID ${JSON.stringify(id)} is invalid`);
  return { blob, text, fields, id, parent: fields.string('parent') ?? '' };
}

/** Each is the parent of the one before it; of those of one id that follow one another, the oldest counts. */
function linked(entries: readonly Entry[]): readonly Entry[] {
  if (entries.at(-1)?.parent !== '')
    throw new ManifestError('Invalid parent ID in the base layer of the image');
  const seen = new Set<string>();
  return entries.filter(({ id, parent }, index) => {
    const next = entries[index + 1];
    if (id !== entries[index - 1]?.id && seen.has(id)) {
      throw new ManifestError(`ID ${id} appears multiple times in manifest`);
    }
    seen.add(id);
    if (id === next?.id) return false;
    if (next !== undefined && parent !== next.id) {
      throw new ManifestError(`Invalid parent ID. Expected ${next.id}, got ${parent}`);
    }
    return true;
  });
}

function readStep({ blob, fields }: Entry): Schema1Step {
  const created = fields.string('created');
  const command = fields.object('container_config')?.strings('Cmd') ?? [];
  return {
    blob,
    empty: fields.boolean('throwaway') ?? false,
    created: created === undefined ? noTime : (goTime(created) ?? created),
    createdBy: command.join(' '),
    author: fields.string('author') ?? '',
    comment: fields.string('comment') ?? '',
  };
}

function refusing<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const expected =
      cause instanceof StrictJsonError || cause instanceof JsonFieldError || cause instanceof DigestError;
    if (!expected) throw cause;
    throw new ManifestError(`invalid manifest: ${cause.message}`, { cause });
  }
}
