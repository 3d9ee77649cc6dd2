// The images the bench pulls, as OCI layouts in a cache directory: made once, the same every time.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { addSmallFiles, addTree, type Layer, type LayerWriter, writeLayer } from './layers.js';
import { Random } from './random.js';

/** An image to pull, as an OCI layout with one image named `latest`. */
export interface Fixture {
  readonly name: string;
  readonly title: string;
  readonly layout: string;
  readonly layers: readonly Layer[];
}

interface Recipe {
  readonly name: string;
  readonly title: string;
  readonly layers: readonly ((writer: LayerWriter) => Promise<void>)[];
}

const MiB = 1024 * 1024;

const recipes: readonly Recipe[] = [
  {
    name: 'base',
    title: 'one base layer of a distribution, 200 MB',
    layers: [
      async (writer) => {
        await writer.add({ name: 'usr/', type: 'directory', mode: 0o755 });
        await addTree(writer, '/usr/bin', 50 * MiB);
        await addTree(writer, '/usr/lib', 90 * MiB);
        await addTree(writer, '/usr/share', 60 * MiB);
      },
    ],
  },
  {
    name: 'files',
    title: 'one layer of 25,000 small files',
    layers: [(writer) => addSmallFiles(writer, new Random(25_000), 'srv/node_modules', 500, 50, 6000)],
  },
  {
    name: 'layers',
    title: '40 small layers',
    layers: Array.from(
      { length: 40 },
      (_, index) => (writer: LayerWriter) =>
        addSmallFiles(writer, new Random(index + 1), `opt/step-${index}`, 2, 10, 40_000),
    ),
  },
  {
    name: 'big',
    title: 'one layer of 400 MB, every second MiB incompressible',
    layers: [
      async (writer) => {
        const random = new Random(400);
        for (let file = 0; file < 50; file += 1) {
          const parts = Array.from({ length: 8 }, (_, part) =>
            part % 2 === 0 ? random.noise(MiB) : random.text(MiB),
          );
          await writer.add({ name: `data/segment-${file}.bin`, mode: 0o644 }, Buffer.concat(parts));
        }
      },
    ],
  },
];

/** What a daemon that has been at work has pulled before: none of its content is in the other images. */
const warmUp: Recipe = {
  name: 'earlier',
  title: 'an image of 280 MB pulled before',
  layers: [0, 1].map((layer) => async (writer: LayerWriter) => {
    const random = new Random(7000 + layer);
    await addSmallFiles(writer, random, `var/earlier-${layer}`, 40, 50, 6000);
    for (let file = 0; file < 16; file += 1) {
      const content = Buffer.concat([random.noise(4 * MiB), random.text(4 * MiB)]);
      await writer.add({ name: `var/earlier-${layer}.${file}`, mode: 0o644 }, content);
    }
  }),
};

/** Names of all fixtures. */
export const fixtureNames: readonly string[] = recipes.map((recipe) => recipe.name);

export async function openWarmUp(cache: string): Promise<Fixture> {
  return await openFixture(cache, warmUp);
}

/** Opens the fixtures of these names, building under `cache` what is not there yet. */
export async function openFixtures(cache: string, names: readonly string[]): Promise<Fixture[]> {
  const fixtures: Fixture[] = [];
  for (const recipe of recipes.filter((one) => names.includes(one.name))) {
    fixtures.push(await openFixture(cache, recipe));
  }
  return fixtures;
}

async function openFixture(cache: string, recipe: Recipe): Promise<Fixture> {
  const layout = join(cache, 'images', recipe.name);
  const stamp = join(layout, 'layers.json');
  const { name, title } = recipe;
  try {
    return { name, title, layout, layers: JSON.parse(await readFile(stamp, 'utf8')) as Layer[] };
  } catch {
    console.log(`making ${name}: ${title}`);
  }
  await rm(layout, { recursive: true, force: true });
  const blobs = join(layout, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  const layers: Layer[] = [];
  for (const fill of recipe.layers) {
    layers.push(await writeLayer(blobs, fill));
  }
  await writeLayout(layout, blobs, layers);
  // Last, so that a build that was interrupted is made again.
  await writeFile(stamp, JSON.stringify(layers));
  return { name, title, layout, layers };
}

async function writeLayout(layout: string, blobs: string, layers: readonly Layer[]): Promise<void> {
  const put = async (value: unknown): Promise<{ digest: string; size: number }> => {
    const bytes = Buffer.from(JSON.stringify(value));
    const hex = createHash('sha256').update(bytes).digest('hex');
    await writeFile(join(blobs, hex), bytes);
    return { digest: `sha256:${hex}`, size: bytes.length };
  };
  const architecture = { x64: 'amd64' }[process.arch as string] ?? process.arch;
  const config = await put({
    created: '2024-01-01T00:00:00Z',
    architecture,
    os: 'linux',
    config: { Cmd: ['/bin/sh'] },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
    history: layers.map(() => ({ created: '2024-01-01T00:00:00Z', created_by: 'bench' })),
  });
  const manifest = await put({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
    layers: layers.map(({ digest, size }) => ({
      mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
      digest,
      size,
    })),
  });
  const entry = {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    ...manifest,
    annotations: { 'org.opencontainers.image.ref.name': 'latest' },
  };
  await writeFile(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
  await writeFile(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
}
