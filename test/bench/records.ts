// A store of many images that share layers, written straight to disk: pulling 10,000 images would take hours.
import { createHash } from 'node:crypto';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** How many image names share one chain of layers. */
const imagesPerChain = 25;
const layersPerChain = 4;

/** Writes a store with `count` images below an empty directory, as podman would have left it. */
export async function writeStore(root: string, count: number): Promise<void> {
  for (const place of ['overlay/l', 'overlay-layers', 'overlay-images', 'overlay-containers']) {
    await mkdir(join(root, place), { recursive: true, mode: 0o700 });
  }
  const layers: object[] = [];
  const images: object[] = [];
  let chain: Layer[] = [];
  for (let index = 0; index < count; index += 1) {
    if (index % imagesPerChain === 0) {
      chain = await writeChain(root, index / imagesPerChain);
      layers.push(...chain.map((layer) => layer.record));
    }
    images.push(await writeImage(root, index, chain));
  }
  await writeFile(join(root, 'overlay-layers', 'layers.json'), JSON.stringify(layers), { mode: 0o600 });
  await writeFile(join(root, 'overlay-images', 'images.json'), JSON.stringify(images), { mode: 0o600 });
}

interface Layer {
  readonly id: string;
  readonly diffId: string;
  readonly record: object;
}

const created = '2024-01-01T00:00:00Z';

async function writeChain(root: string, number: number): Promise<Layer[]> {
  const chain: Layer[] = [];
  const links: string[] = [];
  for (let depth = 0; depth < layersPerChain; depth += 1) {
    const diff = hash(`layer ${number} ${depth}`);
    const parent = chain.at(-1);
    const id = parent === undefined ? diff : hash(`${parent.id}+${diff}`);
    const directory = join(root, 'overlay', id);
    const link = hash(id)
      .toUpperCase()
      .replaceAll(/[0189]/g, 'Z')
      .slice(0, 26);
    await mkdir(join(directory, 'diff'), { recursive: true });
    await writeFile(join(directory, 'link'), link);
    await symlink(`../${id}/diff`, join(root, 'overlay', 'l', link));
    if (links.length > 0) {
      await writeFile(join(directory, 'lower'), links.join(':'));
    }
    links.unshift(`l/${link}`);
    const record = {
      id,
      ...(parent === undefined ? {} : { parent: parent.id }),
      created,
      'compressed-diff-digest': `sha256:${hash(`blob ${diff}`)}`,
      'compressed-size': 30_000_000,
      'diff-digest': `sha256:${diff}`,
      'diff-size': 80_000_000,
      compression: 2,
      uidset: [0],
      gidset: [0],
    };
    chain.push({ id, diffId: `sha256:${diff}`, record });
  }
  return chain;
}

async function writeImage(root: string, index: number, chain: readonly Layer[]): Promise<object> {
  const config = JSON.stringify({
    created,
    architecture: 'amd64',
    os: 'linux',
    config: {
      Cmd: ['/bin/sh'],
      Labels: {
        'org.opencontainers.image.title': `service ${index}`,
        'org.opencontainers.image.version': `1.${index}.0`,
      },
    },
    rootfs: { type: 'layers', diff_ids: chain.map((layer) => layer.diffId) },
    history: chain.map((_, depth) => ({ created, created_by: `step ${depth}` })),
  });
  const id = hash(config);
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: `sha256:${id}`,
      size: config.length,
    },
    layers: chain.map((layer) => ({
      mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
      digest: `sha256:${hash(`blob ${layer.diffId}`)}`,
      size: 30_000_000,
    })),
  });
  const digest = hash(manifest);
  const items: readonly (readonly [string, string])[] = [
    [`sha256:${id}`, config],
    [`manifest-sha256:${digest}`, manifest],
    ['manifest', manifest],
    [`signature-${digest}`, ''],
  ];
  const directory = join(root, 'overlay-images', id);
  await mkdir(directory, { mode: 0o700 });
  for (const [key, text] of items) {
    const name = /^[.0-9a-z]+$/.test(key) ? key : `=${Buffer.from(key).toString('base64')}`;
    await writeFile(join(directory, name), text, { mode: 0o600 });
  }
  const names = [`registry.example.com/team-${index % 40}/service-${index}:1.0`];
  return {
    id,
    digest: `sha256:${digest}`,
    names,
    'names-history': names,
    layer: chain.at(-1)?.id,
    metadata: JSON.stringify({ 'signatures-sizes': { [`sha256:${digest}`]: [] } }),
    'big-data-names': items.map(([key]) => key),
    'big-data-sizes': Object.fromEntries(items.map(([key, text]) => [key, text.length])),
    'big-data-digests': Object.fromEntries(items.map(([key, text]) => [key, `sha256:${hash(text)}`])),
    created,
  };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
