// Stores in temporary folders, and images to put into them.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { sha256Digest, type Digest } from '../../src/oci/digest.js';
import {
  imageData,
  openStore,
  type CommitLayer,
  type ImageCommit,
  type Store,
} from '../../src/store/index.js';
import type { StorageOptions } from '../../src/store/options.js';

/** Options for a new store under a temporary folder, and how to remove it. */
export async function temporaryStore(): Promise<{ options: StorageOptions; remove: () => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'imaged-store-'));
  const options = {
    graphRoot: join(directory, 'root'),
    runRoot: join(directory, 'run'),
    driver: 'overlay',
    additionalImageStores: [],
    driverOptions: [],
    lockTimeoutMs: 20_000,
  };
  return { options, remove: () => rm(directory, { recursive: true, force: true }) };
}

/** Opens a store whose recovery is done. */
export async function openSettled(options: StorageOptions): Promise<Store> {
  const store = await openStore(options);
  await store.recovery;
  return store;
}

export function sha256(bytes: Buffer | string): Digest {
  return sha256Digest(createHash('sha256').update(bytes).digest('hex'));
}

/** A layer of plain files, as its tar and the gzip of it. */
export interface SampleLayer {
  readonly files: Readonly<Record<string, string>>;
  readonly tar: Buffer;
  readonly blob: Buffer;
  readonly diffId: Digest;
}

export async function sampleLayer(files: Readonly<Record<string, string>>): Promise<SampleLayer> {
  const tar = pack();
  for (const [name, content] of Object.entries(files))
    tar.entry({ name, mtime: new Date(1_600_000_000_000) }, content);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  return { files, tar: bytes, blob: gzipSync(bytes), diffId: sha256(bytes) };
}

/** Unpacks the layer into a staging directory of the store and describes it for a commit. */
export async function staged(store: Store, layer: SampleLayer): Promise<CommitLayer> {
  const stage = await store.stageLayer();
  for (const [name, content] of Object.entries(layer.files)) {
    await mkdir(dirname(join(stage.directory, name)), { recursive: true });
    await writeFile(join(stage.directory, name), content);
  }
  await writeFile(stage.tarSplitPath, gzipSync(tarSplit(layer.tar)));
  return { ...present(layer), staged: stage };
}

/** Describes a layer that the store has. */
export function present(layer: SampleLayer): CommitLayer {
  return {
    diffId: layer.diffId,
    diffSize: layer.tar.length,
    blobDigest: sha256(layer.blob),
    blobSize: layer.blob.length,
    compression: 'gzip',
    uids: [0],
    gids: [0],
  };
}

/** The image made of these layers; `comment` tells images of the same layers apart. */
export function sampleImage(
  layers: readonly SampleLayer[],
  names: readonly string[],
  comment = '',
  labels: Readonly<Record<string, string>> = {},
): ImageCommit['image'] {
  const config = Buffer.from(
    JSON.stringify({
      created: '2020-09-13T12:26:40.123456789Z',
      architecture: 'amd64',
      os: 'linux',
      config: { Cmd: ['/bin/true'], ...(Object.keys(labels).length > 0 && { Labels: labels }) },
      rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
      history: layers.map((_, index) => ({
        created: '2020-09-13T12:26:40Z',
        created_by: `step ${index}`,
        comment,
      })),
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: {
        mediaType: 'application/vnd.oci.image.config.v1+json',
        digest: sha256(config),
        size: config.length,
      },
      layers: layers.map(({ blob }) => ({
        mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
        digest: sha256(blob),
        size: blob.length,
      })),
    }),
  );
  return {
    id: sha256(config).slice('sha256:'.length),
    names,
    created: '2020-09-13T12:26:40.123456789Z',
    digest: sha256(manifest),
    bigData: imageData({
      config: { digest: sha256(config), bytes: config },
      manifest: { digest: sha256(manifest), bytes: manifest },
    }),
  };
}

/** Stages all layers and commits the image. */
export async function addImage(
  store: Store,
  layers: readonly SampleLayer[],
  names: readonly string[],
  comment?: string,
  labels?: Readonly<Record<string, string>>,
) {
  const image = sampleImage(layers, names, comment, labels);
  const commit = { layers: [] as CommitLayer[], image };
  try {
    for (const layer of layers) commit.layers.push(await staged(store, layer));
    return await store.commitImage(commit);
  } finally {
    for (const layer of commit.layers) await layer.staged?.discard();
  }
}

/** The tar-split recipe of a tar of plain ustar entries. */
function tarSplit(tar: Buffer): string {
  const lines: string[] = [];
  const add = (record: object): void =>
    void lines.push(JSON.stringify({ ...record, position: lines.length }));
  let pending = 0;
  let at = 0;
  while (tar[at] !== 0) {
    const header = tar.subarray(at, at + 512);
    const name = header.toString('utf8', 0, 100).replace(/\0.*$/s, '');
    const size = Number.parseInt(header.toString('latin1', 124, 135), 8);
    const content = at + 512;
    add({ type: 2, payload: tar.subarray(pending, content).toString('base64') });
    add(
      size === 0
        ? { type: 1, name, payload: null }
        : { type: 1, name, size, payload: crc64(tar.subarray(content, content + size)).toString('base64') },
    );
    pending = content + size;
    at = content + Math.ceil(size / 512) * 512;
  }
  add({ type: 2, payload: tar.subarray(pending).toString('base64') });
  return `${lines.join('\n')}\n`;
}

function crc64(bytes: Buffer): Buffer {
  let crc = 0xffffffffffffffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1n ? (crc >> 1n) ^ 0xd800000000000000n : crc >> 1n;
  }
  const sum = Buffer.alloc(8);
  sum.writeBigUInt64BE(crc ^ 0xffffffffffffffffn);
  return sum;
}
