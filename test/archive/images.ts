// Images as the archives of other programs have them, made byte by byte; wrong ones are changed afterwards.
import { gzipSync } from 'node:zlib';
import { digestHex, digestOf, type Digest } from '../../src/oci/digest.js';
import { tarOf, type Made } from './tar-builder.js';

/** The parts of an image of a few layers. */
export interface Parts {
  readonly config: Buffer;
  /** Tars, base first. */
  readonly layers: readonly Buffer[];
}

const owner = { uid: 0, gid: 0 };

/** Two layers, of which the first comes twice, and a config of Docker's. */
export function sampleParts(extra: object = {}): Parts {
  const base = tarOf({ name: 'etc/', type: '5', mode: 0o755 }, { name: 'etc/motd', content: 'hello\n' });
  const top = tarOf({ name: 'data', content: Buffer.alloc(3000, 'data') });
  const layers = [base, top, base];
  const config = {
    created: '2020-01-02T03:04:05Z',
    architecture: 'amd64',
    os: 'linux',
    config: { Cmd: ['/bin/sh'], Env: ['PATH=/bin'] },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => digestOf(layer)) },
    ...extra,
  };
  return { config: Buffer.from(JSON.stringify(config)), layers };
}

/** What manifest.json says of one image. */
export interface Item {
  readonly Config: string;
  readonly RepoTags: readonly string[] | null;
  readonly Layers: readonly string[];
}

export function hexOf(bytes: Buffer): string {
  return digestHex(digestOf(bytes));
}

/** A regular file, root's. */
export function file(name: string, content: string | Buffer): Made {
  return { name, content, ...owner };
}

/** As podman and skopeo write it: everything at the root, and links for old readers. */
export function podmanMembers(parts: Parts, repoTags: readonly string[] = ['example.com/a:1']): Made[] {
  const { config, layers } = parts;
  const distinct = [...new Map(layers.map((layer) => [hexOf(layer), layer]))];
  const name = `${hexOf(config)}.json`;
  const item: Item = {
    Config: name,
    RepoTags: repoTags,
    Layers: layers.map((layer) => `${hexOf(layer)}.tar`),
  };
  return [
    ...distinct.map(([hex, layer]) => file(`${hex}.tar`, layer)),
    file(name, config),
    file('manifest.json', JSON.stringify([item])),
    file('repositories', '{}'),
  ];
}

/** As Docker up to 24 saves it: a directory for each layer, and a link for one that comes again. */
export function oldDockerMembers(parts: Parts, repoTags: readonly string[] | null = ['a:1']): Made[] {
  const { config, layers } = parts;
  const seen = new Map<string, string>();
  const members: Made[] = [];
  const paths = layers.map((layer, position) => {
    const id = hexOf(Buffer.from(`layer ${position}`));
    const first = seen.get(hexOf(layer));
    seen.set(hexOf(layer), first ?? id);
    const tar: Made =
      first === undefined
        ? file(`${id}/layer.tar`, layer)
        : { name: `${id}/layer.tar`, type: '2', link: `../${first}/layer.tar`, ...owner };
    const directory = { name: `${id}/`, type: '5', mode: 0o755, ...owner };
    members.push(directory, file(`${id}/VERSION`, '1.0'), file(`${id}/json`, '{}'), tar);
    return `${id}/layer.tar`;
  });
  const name = `${hexOf(config)}.json`;
  const item: Item = { Config: name, RepoTags: repoTags, Layers: paths };
  return [file(name, config), ...members, file('manifest.json', JSON.stringify([item]))];
}

/** As Docker from 25 on saves it: a layout that has manifest.json too; with containerd's store blobs are compressed. */
export function newDockerMembers(parts: Parts, compressed = false): Made[] {
  const layout = layoutFiles(parts, { compressed, refName: '1', name: 'docker.io/library/a:1' });
  const blobs = compressed ? parts.layers.map((layer) => gzipSync(layer)) : parts.layers;
  const item: Item = {
    Config: `blobs/sha256/${hexOf(parts.config)}`,
    RepoTags: ['a:1'],
    Layers: blobs.map((blob) => `blobs/sha256/${hexOf(blob)}`),
  };
  return [...members(layout), file('manifest.json', JSON.stringify([item]))];
}

export interface LayoutOptions {
  readonly compressed?: boolean;
  readonly refName?: string;
  /** As containerd writes it. */
  readonly name?: string;
}

export interface DescribedBlob {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}

export function described(mediaType: string, bytes: Buffer): DescribedBlob {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

/** The files of a layout with one image. */
export function layoutFiles(parts: Parts, options: LayoutOptions = {}): Map<string, Buffer> {
  const { compressed = true, refName = 'latest', name } = options;
  const layers = parts.layers.map((layer) => (compressed ? gzipSync(layer) : layer));
  const type = `application/vnd.oci.image.layer.v1.tar${compressed ? '+gzip' : ''}`;
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: described('application/vnd.oci.image.config.v1+json', parts.config),
      layers: layers.map((layer) => described(type, layer)),
    }),
  );
  const annotations = {
    'org.opencontainers.image.ref.name': refName,
    ...(name !== undefined && { 'io.containerd.image.name': name }),
  };
  const entry = { ...described('application/vnd.oci.image.manifest.v1+json', manifest), annotations };
  return new Map([
    ['oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}')],
    ['index.json', Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [entry] }))],
    ...[...layers, parts.config, manifest].map((blob) => [`blobs/sha256/${hexOf(blob)}`, blob] as const),
  ]);
}

/** Files as members of a tar. */
export function members(files: ReadonlyMap<string, Buffer>): Made[] {
  return [...files].map(([name, content]) => file(name, content));
}
