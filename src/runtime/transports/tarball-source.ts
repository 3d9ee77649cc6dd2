// A tar of a file system as the place where an image comes from: one layer, and a configuration made for it (images-and-transports §4.8).
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { detectCompression, type Compression } from '../../archive/compression.js';
import type { BlobLocation, Recode } from '../../oci/blob.js';
import { parseConfig } from '../../oci/config.js';
import { formatOciConfig } from '../../oci/convert.js';
import type { Descriptor } from '../../oci/descriptor.js';
import { digestHex, digestOf, type Digest } from '../../oci/digest.js';
import { goJson, goTime } from '../../oci/go-json.js';
import { ociConfig, ociLayer, ociLayerGzip, ociManifest } from '../../oci/media-types.js';
import type { Platform } from '../../oci/platform.js';
import type { ConfigChanges } from '../copy/changes.js';
import { FileUnavailableError, systemReason } from '../errors.js';
import type { ImageSource, SourceManifest } from '../copy/image-source.js';
import type { LayerPool, TransferSummary } from '../layers/layer-pool.js';

/** A file, and what its caller calls it. */
export interface NamedFile {
  readonly path: string;
  readonly name: string;
}

/** What the image is to be besides its layer. */
export interface TarballImage {
  readonly changes: ConfigChanges;
  /** Of its history; empty is the usual one. */
  readonly comment: string;
  readonly platform: Platform;
}

/**
 * Reads the file through to know its digests. Where it is compressed otherwise than with gzip, the manifest names the gzip it
 * could be: every program can read that. Throws {@link FileUnavailableError}.
 */
export async function openTarballSource(
  pool: LayerPool,
  file: NamedFile,
  image: TarballImage,
  signal: AbortSignal,
): Promise<ImageSource> {
  const { compression, length, modified } = await look(file);
  const { path, name } = file;
  const whole = { kind: 'file', path, offset: 0, length } as const;
  const read = (recode: Recode): Promise<TransferSummary> =>
    pool.transfer({ blob: whole, expected: {}, recode, target: { kind: 'nowhere' } }, signal);
  const tar = { mediaType: ociLayer, ...digestAndSize(await read('plain')) };
  const layer =
    compression === 'none' ? tar : { mediaType: ociLayerGzip, ...digestAndSize(await read('gzip')) };
  const delivered = compression === 'gzip' ? layer : tar;
  const location: BlobLocation = delivered === layer ? whole : { kind: 'unzipped', blob: whole };
  const config = formatConfig(tar.digest, modified, image);
  const manifest = formatManifest(config, layer);
  return {
    origin: { transport: 'tarball', name, path },
    manifest: async () => manifest,
    blobBytes: async () => config,
    contents: async () => [delivered],
    locate: async () => location,
    signatures: async () => [],
    [Symbol.asyncDispose]: async () => undefined,
  };
}

interface FileFacts {
  readonly compression: Compression;
  /** Bytes. */
  readonly length: number;
  /** RFC 3339. */
  readonly modified: string;
}

async function look({ path, name }: NamedFile): Promise<FileFacts> {
  try {
    // A pipe is not waited for.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const status = await file.stat({ bigint: true });
    if (!status.isFile()) throw notReadable(name, status.isDirectory() ? 'is a directory' : 'is no file');
    const { size, mtimeNs } = status;
    const start = Buffer.alloc(16);
    const { bytesRead } = await file.read(start, 0, start.length, 0);
    const compression = detectCompression(start.subarray(0, bytesRead));
    return { compression, length: Number(size), modified: timeOf(mtimeNs) };
  } catch (error) {
    if (error instanceof FileUnavailableError) throw error;
    const quoted = JSON.stringify(name);
    const reason = `error opening ${quoted}: open ${name}: ${systemReason(error)}`;
    throw new FileUnavailableError(`error parsing image name ${quoted}: ${reason}`, { cause: error });
  }
}

function notReadable(name: string, reason: string): FileUnavailableError {
  return new FileUnavailableError(`error reading ${JSON.stringify(name)}: read ${name}: ${reason}`);
}

function timeOf(nanoseconds: bigint): string {
  const perSecond = 1_000_000_000n;
  // Before 1970 the remainder would be negative.
  const fraction = ((nanoseconds % perSecond) + perSecond) % perSecond;
  const seconds = new Date(Number((nanoseconds - fraction) / 1_000_000n)).toISOString().slice(0, 19);
  const time = `${seconds}.${String(fraction).padStart(9, '0')}Z`;
  return goTime(time) ?? time;
}

function digestAndSize({ digest, size }: TransferSummary): Pick<Descriptor, 'digest' | 'size'> {
  return { digest, size };
}

function formatConfig(diffId: Digest, created: string, { changes, comment, platform }: TarballImage): Buffer {
  const { os, architecture } = platform;
  const document = {
    created,
    os,
    architecture,
    config: {
      User: changes.user ?? '',
      ExposedPorts: keys(changes.exposedPorts),
      Env: changes.env,
      Entrypoint: changes.entrypoint ?? [],
      Cmd: changes.cmd ?? [],
      Volumes: keys(changes.volumes),
      WorkingDir: changes.workingDir ?? '',
      Labels: changes.labels,
      StopSignal: changes.stopSignal ?? '',
    },
    rootfs: { type: 'layers', diff_ids: [diffId] },
    history: [
      {
        created,
        created_by: `/bin/sh -c #(nop) ADD file:${digestHex(diffId)} in /`,
        comment: comment === '' ? 'imported from tarball' : comment,
      },
    ],
  };
  return formatOciConfig(parseConfig(Buffer.from(JSON.stringify(document))));
}

function keys(members: readonly string[]): Readonly<Record<string, object>> {
  return Object.fromEntries(members.map((member) => [member, {}]));
}

/** Without a media type of its own, as Podman writes it: the digest of the image depends on it. */
function formatManifest(config: Buffer, layer: Descriptor): SourceManifest {
  const bytes = Buffer.from(
    goJson({
      schemaVersion: 2,
      config: { mediaType: ociConfig, digest: digestOf(config), size: config.length },
      layers: [layer],
    }),
  );
  return { bytes, mediaType: ociManifest, digest: digestOf(bytes) };
}
