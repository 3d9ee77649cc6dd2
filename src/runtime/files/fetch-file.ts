// Files that a build names by their address: ADD's and Dockerfiles (build.md, Security rules).
import { createHash } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { digestAlgorithm, parseDigest, type Digest } from '../../oci/digest.js';
import { DownloadError, startDownload, type DownloadOptions } from '../../registry/download.js';
import { NAME_BYTES } from '../../sys/files.js';

/** Only its owner may read it, whatever it is. */
const FILE_MODE = 0o600;
const MOST_BYTES = 64 * 1024 ** 3;
const MOST_MILLISECONDS = 2 * 60 * 60 * 1000;

export interface FetchOptions {
  /** Private, and empty: the file goes into it. */
  readonly directory: string;
  /** `algorithm:hex`; nothing else is used. */
  readonly checksum?: string | undefined;
  readonly network: DownloadOptions;
  readonly mostBytes?: number | undefined;
  readonly mostMilliseconds?: number | undefined;
}

export interface FetchedFile {
  readonly path: string;
  /** The last part of the address. */
  readonly name: string;
}

/**
 * Fetches a file by http(s). Its time is what the server says, or 1970. Throws {@link DownloadError}, also when it is larger or takes longer than
 * it may or has another checksum, DigestError for what is no checksum, and the signal's reason; no file is there then.
 */
export async function fetchFile(
  address: string,
  options: FetchOptions,
  signal: AbortSignal,
): Promise<FetchedFile> {
  const expected = options.checksum === undefined ? undefined : parseDigest(options.checksum);
  const { directory, network, mostMilliseconds = MOST_MILLISECONDS } = options;
  const name = fileName(address);
  const path = join(directory, name);
  const deadline = AbortSignal.timeout(mostMilliseconds);
  try {
    const download = await startDownload(address, network, AbortSignal.any([signal, deadline]));
    const file = await open(path, 'wx', FILE_MODE);
    try {
      const actual = await save(address, download, file, options, expected);
      if (expected !== undefined && actual !== expected) {
        throw new DownloadError(address, `digest mismatch: expected ${expected}, got ${actual}`);
      }
      const modified = download.modified ?? 0;
      await file.utimes(modified, modified);
    } finally {
      await file.close();
    }
    return { path, name };
  } catch (error) {
    await rm(path, { force: true });
    if (!signal.aborted && deadline.aborted) {
      throw new DownloadError(address, `took longer than ${mostMilliseconds / 1000} s`, { cause: error });
    }
    throw error;
  }
}

async function save(
  address: string,
  { body, length }: Awaited<ReturnType<typeof startDownload>>,
  file: FileHandle,
  { mostBytes = MOST_BYTES }: FetchOptions,
  expected: Digest | undefined,
): Promise<Digest> {
  const algorithm = expected === undefined ? 'sha256' : digestAlgorithm(expected);
  const hash = createHash(algorithm);
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > mostBytes) throw new DownloadError(address, `has more than ${mostBytes} bytes`);
    hash.update(piece);
    await file.writeFile(piece);
  }
  if (length !== undefined && size !== length) {
    throw new DownloadError(address, `ended after ${size} of ${length} bytes`);
  }
  return parseDigest(`${algorithm}:${hash.digest('hex')}`);
}

function fileName(address: string): string {
  const path = URL.canParse(address) ? new URL(address).pathname : '';
  const name = decoded(posix.basename(path));
  const isName = name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name);
  return isName && Buffer.byteLength(name) <= NAME_BYTES ? name : 'download';
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
