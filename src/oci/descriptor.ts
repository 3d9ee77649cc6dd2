// Descriptors: what a manifest says about a blob before anybody has read it.
import type { Digest } from './digest.js';
import { DigestError, parseDigest } from './digest.js';
import type { Fields } from './json-fields.js';
import { JsonFieldError } from './json-fields.js';
import type { Platform } from './platform.js';

/** Type, digest and size of a blob, or of a manifest within an index. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Other places of the blob, as in foreign layers. */
  readonly urls?: readonly string[];
  readonly platform?: Platform;
}

/** Reads a descriptor; throws JsonFieldError and DigestError. */
export function readDescriptor(fields: Fields): Descriptor {
  const size = fields.integer('size');
  if (size === undefined || size < 0) throw fields.error('size', 'a size in bytes');
  const annotations = fields.stringMap('annotations');
  const urls = fields.strings('urls');
  const platform = fields.object('platform');
  return {
    mediaType: fields.string('mediaType') ?? '',
    digest: readDigest(fields, 'digest'),
    size,
    ...(annotations !== undefined && { annotations }),
    ...(urls !== undefined && { urls }),
    ...(platform !== undefined && { platform: readPlatform(platform) }),
  };
}

function readDigest(fields: Fields, key: string): Digest {
  try {
    return parseDigest(fields.string(key) ?? '');
  } catch (error) {
    if (!(error instanceof DigestError)) throw error;
    throw new JsonFieldError(fields.at(key), `a digest (${error.reason})`);
  }
}

function readPlatform(fields: Fields): Platform {
  const variant = fields.string('variant');
  return {
    os: fields.string('os') ?? '',
    architecture: fields.string('architecture') ?? '',
    ...(variant !== undefined && variant !== '' && { variant }),
  };
}
