// Unpacking a tar in a temporary directory, for tests.
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { LayerSummary, UnpackOptions } from '../../src/archive/unpack-layer.js';
import { unpackLayer } from '../../src/archive/unpack-layer.js';
import { sha256Digest } from '../../src/oci/digest.js';
import { TarSplitWriter } from '../../src/store/tar-split-writer.js';

/** A temporary directory with an empty `diff` in it. */
export interface Place {
  readonly root: string;
  readonly diff: string;
  readonly recipe: string;
}

export function makePlace(): Place {
  const root = mkdtempSync(join(tmpdir(), 'imaged-layer-'));
  const diff = join(root, 'diff');
  mkdirSync(diff);
  return { root, diff, recipe: join(root, 'tar-split.gz') };
}

export function removePlace(place: Place): void {
  rmSync(place.root, { recursive: true, force: true });
}

export function digestOf(bytes: Buffer): ReturnType<typeof sha256Digest> {
  return sha256Digest(createHash('sha256').update(bytes).digest('hex'));
}

/** `bytes` in pieces of `length`. */
export function pieces(bytes: Buffer, length: number): Buffer[] {
  const count = Math.ceil(bytes.length / length);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * length, (i + 1) * length));
}

/** Unpacks a blob with its recipe; what is expected is what it is unless `options` say otherwise. */
export async function unpack(
  place: Place,
  blob: Buffer,
  options: Partial<UnpackOptions> & { readonly pieceBytes?: number; readonly signal?: AbortSignal } = {},
): Promise<LayerSummary> {
  const { pieceBytes = 64 * 1024, signal, ...rest } = options;
  const observer = new TarSplitWriter(place.recipe);
  const expected = { digest: digestOf(blob), size: blob.length };
  try {
    const input = Readable.from(pieces(blob, pieceBytes));
    const summary = await unpackLayer(input, { directory: place.diff, expected, observer, ...rest }, signal);
    await observer.finish();
    return summary;
  } finally {
    observer.abandon();
  }
}

/** What lies at each path: `mode link-count [-> target | = content]`, times and owners apart. */
export function listTree(directory: string): Record<string, string> {
  const found = new Map<string, string>();
  const visit = (path: string, name: string): void => {
    const status = lstatSync(path);
    let text = status.mode.toString(8);
    if (!status.isDirectory()) text += ` ${status.nlink}`;
    if (status.isSymbolicLink()) text += ` -> ${readlinkSync(path)}`;
    if (status.isFile()) text += ` = ${readFileSync(path, 'latin1')}`;
    if (name !== '') found.set(name, text);
    if (!status.isDirectory()) return;
    for (const child of readdirSync(path)) visit(join(path, child), name === '' ? child : `${name}/${child}`);
  };
  visit(directory, '');
  return Object.fromEntries(found);
}
