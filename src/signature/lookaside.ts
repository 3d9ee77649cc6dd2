// Signatures beside a registry: numbered files below a URL, one directory for each manifest (images-and-transports §7.3).
import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digestAlgorithm, digestHex, type Digest } from '../oci/digest.js';
import type { Reference } from '../oci/reference.js';
import { LookasideError } from './errors.js';
import { maxSignatureBytes, parseSignature } from './signature-format.js';
import { readWhole } from './small-file.js';

/** Fetches a small document; undefined when there is none. */
export type FetchUrl = (url: URL, limit: number, signal: AbortSignal) => Promise<Buffer | undefined>;

/** Signatures of one manifest at most, and bytes of them all. */
const maxSignatures = 128;
const maxTotalBytes = 2 * 1024 * 1024;

/** Whose signatures. */
export interface SignatureKey {
  readonly reference: Reference;
  readonly manifest: Digest;
}

/** Reads signatures 1, 2, … until there is none. Throws {@link LookasideError}, also for what is no signature. */
export async function readLookaside(
  base: string,
  key: SignatureKey,
  fetchUrl: FetchUrl,
  signal: AbortSignal,
): Promise<readonly Buffer[]> {
  const signatures: Buffer[] = [];
  let total = 0;
  for (let number = 1; ; number += 1) {
    const url = signatureUrl(base, key, number);
    const signature = await readOne(url, fetchUrl, signal);
    if (signature === undefined) return signatures;
    total += signature.length;
    if (number > maxSignatures) throw new LookasideError(`Too many signatures: more than ${maxSignatures}`);
    if (total > maxTotalBytes)
      throw new LookasideError(`Too many signatures: more than ${maxTotalBytes} bytes`);
    signatures.push(signature);
  }
}

async function readOne(url: URL, fetchUrl: FetchUrl, signal: AbortSignal): Promise<Buffer | undefined> {
  const shown = redacted(url);
  try {
    const bytes = await contentOf(url, fetchUrl, signal);
    if (bytes !== undefined) parseSignature(bytes);
    return bytes;
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof LookasideError) throw cause;
    throw new LookasideError(`Error reading signature from ${shown}: ${(cause as Error).message}`, { cause });
  }
}

async function contentOf(url: URL, fetchUrl: FetchUrl, signal: AbortSignal): Promise<Buffer | undefined> {
  switch (url.protocol) {
    case 'file:':
      try {
        return await readWhole(fileURLToPath(url), maxSignatureBytes);
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    case 'http:':
    case 'https:':
      return await fetchUrl(url, maxSignatureBytes, signal);
    default:
      throw new LookasideError(`Unsupported scheme when reading signature from ${redacted(url)}`);
  }
}

/**
 * Writes all signatures of a manifest; those with higher numbers are removed. Throws {@link LookasideError}: only files can
 * be written.
 */
export async function writeLookaside(
  base: string,
  key: SignatureKey,
  signatures: readonly Buffer[],
  signal: AbortSignal,
): Promise<void> {
  if (signatures.length > maxSignatures) {
    throw new LookasideError(`Too many signatures: more than ${maxSignatures}`);
  }
  for (const [index, signature] of signatures.entries()) {
    signal.throwIfAborted();
    await writeOne(signatureUrl(base, key, index + 1), signature);
  }
  for (let number = signatures.length + 1; number <= maxSignatures; number += 1) {
    const removed = await removeOne(writablePath(signatureUrl(base, key, number)));
    if (!removed) return;
  }
}

async function writeOne(url: URL, signature: Buffer): Promise<void> {
  const path = writablePath(url);
  // Who reads meanwhile sees the old one or the new one.
  const temporary = `${path}.${randomUUID()}`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    const file = await open(temporary, 'wx', 0o644);
    try {
      await file.writeFile(signature);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    // It may never have been there.
    await unlink(temporary).catch(() => undefined);
    throw new LookasideError(`Error writing signature to ${url.href}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

async function removeOne(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (cause) {
    if (isMissing(cause)) return false;
    throw new LookasideError(`Error removing signature ${path}: ${(cause as Error).message}`, { cause });
  }
}

function writablePath(url: URL): string {
  if (url.protocol === 'file:') return fileURLToPath(url);
  const shown = redacted(url);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new LookasideError(`Unsupported scheme when writing signature to ${shown}`);
  }
  const scheme = url.protocol.slice(0, -1);
  throw new LookasideError(
    `Writing directly to a ${scheme} sigstore ${shown} is not supported. Configure a sigstore-staging: location`,
  );
}

/** `<base>/<repository without host>@sha256=<hex>/signature-<n>`. */
function signatureUrl(base: string, { reference, manifest }: SignatureKey, number: number): URL {
  if (!URL.canParse(base)) throw new LookasideError(`Invalid signature storage URL ${base}`);
  const url = new URL(base);
  const directory = `${reference.path}@${digestAlgorithm(manifest)}=${digestHex(manifest)}`;
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${directory}/signature-${number}`;
  return url;
}

function redacted(url: URL): string {
  const copy = new URL(url);
  if (copy.password !== '') copy.password = 'xxxxx';
  return copy.href;
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
