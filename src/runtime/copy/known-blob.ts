// One blob that went by, and the line that it is written down as.
import { crc32 } from 'node:zlib';
import { parseDigest, type Digest } from '../../oci/digest.js';
import { compressions, type Compression } from '../../oci/media-types.js';

/** Which tar is in a blob, and how. */
export interface KnownForm {
  readonly diffId: Digest;
  /** Bytes of the blob. */
  readonly size: number;
  readonly compression: Compression;
}

/** A repository of a registry, by the host that is connected to: `registry-1.docker.io`, `127.0.0.1:5000`. */
export interface BlobPlace {
  readonly host: string;
  readonly repository: string;
}

export interface KnownBlob {
  readonly digest: Digest;
  /** Absent where nobody looked inside. */
  readonly form?: KnownForm | undefined;
  readonly places: readonly BlobPlace[];
}

/** Where a URL of the registry API puts a blob: `http://127.0.0.1:5000/v2/app/blobs/sha256:…`. */
export function placeOf(url: string): BlobPlace | undefined {
  const { host, pathname } = new URL(url);
  const repository = /^\/v2\/(.+)\/blobs\//.exec(pathname)?.[1];
  return repository === undefined ? undefined : { host, repository };
}

/** A line with a sum in front, so that a damaged one is none. */
export function formatKnownBlob({ digest, form, places }: KnownBlob): string {
  const json = JSON.stringify({ digest, form, places });
  return `${sumOf(json)} ${json}\n`;
}

/** Undefined for what is no such line. */
export function parseKnownBlob(line: string): KnownBlob | undefined {
  const json = line.slice(9);
  if (line.slice(0, 9) !== `${sumOf(json)} `) return undefined;
  try {
    const { digest, form, places } = JSON.parse(json) as KnownBlob;
    return { digest: parseDigest(digest), form: form && checkedForm(form), places: places.filter(isPlace) };
  } catch {
    return undefined;
  }
}

function checkedForm({ diffId, size, compression }: KnownForm): KnownForm | undefined {
  if (!Number.isSafeInteger(size) || size < 0 || !compressions.includes(compression)) return undefined;
  return { diffId: parseDigest(diffId), size, compression };
}

function isPlace({ host, repository }: BlobPlace): boolean {
  return /^[\w.:[\]-]+$/.test(host) && /^[a-z0-9][a-z0-9._/-]*$/.test(repository);
}

function sumOf(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
