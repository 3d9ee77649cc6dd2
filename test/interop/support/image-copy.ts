// What is left of an image when another program has copied it: its config and its layers, unzipped.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { removeTree, temporaryDirectory } from './files.js';
import type { PeerStore } from './peer-store.js';

/** An image as skopeo reads it. */
export interface CopiedImage {
  readonly mediaType: string;
  readonly config: string;
  /** Digests of the layers' tars, computed, base first. */
  readonly diffIds: readonly string[];
  /** What the layers are compressed with, found by looking. */
  readonly compressions: readonly string[];
  /** Media types of the layers. */
  readonly layerTypes: readonly string[];
  /** Digest of the manifest. */
  readonly digest: string;
}

/** Copies `place` with skopeo, which checks digests, and looks at what it got. */
export async function copiedImage(store: PeerStore, place: string): Promise<CopiedImage> {
  const directory = await temporaryDirectory('copied');
  try {
    // Layers of the store are no longer what they were when they were pulled.
    const exactly = place.startsWith('containers-storage:') ? [] : ['--preserve-digests'];
    const options = ['--quiet', '--src-tls-verify=false', ...exactly];
    await store.skopeoOutput('copy', ...options, place, `dir:${directory}`);
    const bytes = await readFile(join(directory, 'manifest.json'));
    const manifest = JSON.parse(bytes.toString()) as {
      readonly mediaType?: string;
      readonly config: { readonly digest: string };
      readonly layers: readonly { readonly digest: string; readonly mediaType: string }[];
    };
    const blobs = await Promise.all(
      manifest.layers.map(({ digest }) => readFile(join(directory, digest.replace('sha256:', '')))),
    );
    return {
      mediaType: manifest.mediaType ?? '',
      config: manifest.config.digest,
      diffIds: blobs.map((blob) => digestOf(unzip(blob))),
      compressions: blobs.map(compressionOf),
      layerTypes: manifest.layers.map(({ mediaType }) => mediaType),
      digest: digestOf(bytes),
    };
  } finally {
    await removeTree(directory);
  }
}

function compressionOf(blob: Buffer): 'gzip' | 'zstd' | 'none' {
  if (blob.readUInt16BE(0) === 0x1f8b) return 'gzip';
  return blob.readUInt32BE(0) === 0x28b52ffd ? 'zstd' : 'none';
}

function unzip(blob: Buffer): Buffer {
  const compression = compressionOf(blob);
  if (compression === 'none') return blob;
  if (compression === 'gzip') return gunzipSync(blob);
  return execFileSync('zstd', ['-q', '-d', '-c'], { input: blob, maxBuffer: Number.POSITIVE_INFINITY });
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
