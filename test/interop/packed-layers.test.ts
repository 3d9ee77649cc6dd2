// Directories packed as layers: the peers write the same tar, export it byte for byte, and unpack it to the same tree.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { packLayer, type PackedLayer } from '../../src/archive/pack-layer.js';
import type { PackOptions } from '../../src/archive/pack-options.js';
import { packTree } from '../../src/archive/pack-tree.js';
import { imageData, openStore } from '../../src/store/index.js';
import { TarSplitWriter } from '../../src/store/tar-split-writer.js';
import { sha256 } from '../store/sample.js';
import { PeerStore } from './support/peer-store.js';
import { output, run } from './support/process.js';
import { makeRichTree } from './support/rich-tree.js';
import { layerRecords, untidiness } from './support/store-content.js';
import { describeTree } from './support/tree.js';

jest.setTimeout(120_000);

let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'imaged-pack-'));
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

async function digestOfTree(directory: string, options: PackOptions = {}): Promise<string> {
  const hash = createHash('sha256');
  await packTree(
    directory,
    (chunk) => {
      hash.update(chunk);
      return undefined;
    },
    options,
  );
  return `sha256:${hash.digest('hex')}`;
}

describe('a packed directory', () => {
  it('is, byte for byte, the tar that buildah makes of it', async () => {
    const peers = await PeerStore.create();
    const buildah = (...args: string[]): Promise<string> => peers.buildahOutput(...args);
    /** Mounts the container, changes it, commits it, and says where its own files are and what became of them. */
    const step = async (
      from: string,
      kind: 'base' | 'change',
      name: string,
    ): Promise<{ readonly diff: string; readonly diffIds: readonly string[] }> => {
      const container = await buildah('from', '--pull-never', from);
      const merged = await buildah('mount', container);
      await makeRichTree(merged, kind, 'whole');
      await buildah('umount', container);
      const config = await buildah('commit', '--quiet', container, name).then(() =>
        peers.podmanJson<{ RootFS: { Layers: string[] } }[]>('image', 'inspect', name),
      );
      return { diff: join(dirname(merged), 'diff'), diffIds: config[0]?.RootFS.Layers ?? [] };
    };
    try {
      const base = await step('scratch', 'base', 'example.com/base:1');
      expect(await digestOfTree(base.diff)).toBe(base.diffIds[0]);
      const change = await step('example.com/base:1', 'change', 'example.com/change:1');
      expect(change.diffIds).toHaveLength(2);
      expect(await digestOfTree(change.diff, { lowers: [base.diff] })).toBe(change.diffIds[1]);
    } finally {
      await peers.close();
    }
  });

  it('is exported by skopeo as it is, and unpacked by podman to the same tree', async () => {
    const peers = await PeerStore.create();
    const others = await PeerStore.create();
    const { root: graphRoot, runroot: runRoot } = peers;
    const place = { driver: 'overlay', graphRoot, runRoot, additionalImageStores: [], driverOptions: [] };
    const store = await openStore(place);
    try {
      const layers = [];
      for (const kind of ['base', 'upper'] as const) {
        const staged = await store.stageLayer();
        await makeRichTree(staged.directory, kind, 'fine');
        const observer = new TarSplitWriter(staged.tarSplitPath);
        const packed = await packLayer(staged.directory, { observer });
        await observer.finish();
        layers.push({ ...packed, blobDigest: packed.diffId, blobSize: packed.diffSize, staged });
      }
      const name = 'example.com/packed:1';
      await store.commitImage({
        layers: layers.map((layer) => ({ ...layer, compression: 'none' })),
        image: imageOf(layers, name),
      });
      expect(await untidiness(graphRoot)).toEqual([]);
      const copy = join(peers.directory, 'copy');
      await peers.skopeoOutput('copy', '--quiet', peers.transport(name), `dir:${copy}`);
      for (const { diffId, diffSize } of layers) {
        const blob = readFileSync(join(copy, diffId.replace('sha256:', '')));
        expect({ digest: sha256(blob), size: blob.length }).toEqual({ digest: diffId, size: diffSize });
      }
      await others.skopeoOutput('copy', '--quiet', `dir:${copy}`, others.transport(name));
      const trees = await Promise.all([graphRoot, others.root].map(treesOf));
      expect(trees[0]).toHaveLength(2);
      expect(trees[0]).toEqual(trees[1]);
      expect(trees[0]?.every((lines) => lines.some((line) => line.includes('123456789')))).toBe(true);
    } finally {
      await store.close();
      await peers.close();
      await others.close();
    }
  });

  it('loses what no tar holds: notes of overlay, sockets, keys with an equals sign', async () => {
    const directory = join(root, 'upper');
    mkdirSync(directory);
    await makeRichTree(directory, 'upper', 'fine');
    const before = (await describeTree(directory)).map((line) => JSON.parse(line) as Record<string, unknown>);
    await packLayer(directory, {});
    const after = (await describeTree(directory)).map((line) => JSON.parse(line) as Record<string, unknown>);
    const attributes = after.flatMap((entry) => Object.keys((entry['xattrs'] as object | undefined) ?? {}));
    expect(attributes).toEqual(['trusted.overlay.opaque']);
    const paths = new Set(after.map((entry) => entry['path']));
    expect(before.map((entry) => entry['path']).filter((path) => !paths.has(path))).toEqual([
      'kept/socket',
      'old/socket',
    ]);
    const times = (entries: Record<string, unknown>[]): unknown[] =>
      entries.filter(({ path }) => paths.has(path)).map(({ path, mtime }) => ({ path, mtime }));
    expect(times(after)).toEqual(times(before));
  });

  it('has no time later than the one asked for, in the tar as in the directory', async () => {
    const directory = join(root, 'late');
    mkdirSync(directory);
    await makeRichTree(directory, 'base', 'fine');
    const latest = 1_600_000_000;
    const first = await packLayer(directory, { latest });
    const times = (await describeTree(directory)).map(
      (line) => (JSON.parse(line) as { mtime: string }).mtime,
    );
    expect(new Set(times)).toEqual(new Set([`${latest}000000000`]));
    expect((await packLayer(directory, {})).diffId).toBe(first.diffId);
  });

  it('cannot hold a name that stands for a whiteout, nor a path that no program opens', async () => {
    const directory = join(root, 'refused');
    await output('mkdir', ['-p', join(directory, 'a')]);
    await output('touch', [join(directory, 'a/.wh.file')]);
    await expect(packLayer(directory, {})).rejects.toMatchObject({ name: 'PackError', path: 'a/.wh.file' });
    const deep = join(root, 'deep');
    const nest = `import os
os.mkdir("${deep}"); os.chdir("${deep}")
for _ in range(1400):
    os.mkdir("ddd"); os.chdir("ddd")`;
    expect((await run('python3', ['-c', nest])).code).toBe(0);
    await expect(packLayer(deep, {})).rejects.toMatchObject({ name: 'PackError', code: 'PACK' });
    await output('rm', ['-rf', deep]);
  });

  it('says that it hides what is below only where there is something', async () => {
    const layer = async (name: string, program: string): Promise<string> => {
      const directory = join(root, name);
      mkdirSync(directory);
      await output('python3', ['-c', `import os, stat\nos.chdir(${JSON.stringify(directory)})\n${program}`]);
      return directory;
    };
    const opaque = 'os.mkdir(name); os.setxattr(name, "trusted.overlay.opaque", b"y")';
    const bottom = await layer('bottom', 'for name in "abcde": os.makedirs(name + "/sub")');
    // Of those below, b is removed, c was made anew, d is a file now.
    const middle = await layer(
      'middle',
      `os.mknod("b", stat.S_IFCHR, 0)\nname = "c"; ${opaque}\nopen("d", "w").close()`,
    );
    const upper = await layer(
      'upper-opaque',
      `for name in ["a", "b", "c", "d", "f"]: ${opaque}\nos.mkdir("e"); name = "e/sub"; ${opaque}\nname = "e/new"; ${opaque}\nname = "c/sub"; ${opaque}`,
    );
    const names: string[] = [];
    const observer = {
      entry: (name: string) => names.push(name),
      raw: () => undefined,
      content: () => undefined,
      end: () => undefined,
    };
    await packLayer(upper, { lowers: [middle, bottom], observer });
    const marker = '/.wh..wh..opq';
    const marked = names
      .filter((name) => name.endsWith(marker))
      .map((name) => name.slice(0, name.length - marker.length));
    expect(marked).toEqual(['a', 'c', 'd', 'e/sub']);
    const kept = (await describeTree(upper)).filter((line) => line.includes('opaque'));
    expect(kept.map((line) => (JSON.parse(line) as { path: string }).path)).toEqual(marked);
  });

  it('says so when it is given up', async () => {
    const abort = {
      throwIfRaised: (): void => {
        throw new Error('given up');
      },
    };
    await expect(packLayer(tmpdir(), { abort })).rejects.toThrow('given up');
  });
});

async function treesOf(graphRoot: string): Promise<readonly string[][]> {
  const records = await layerRecords(graphRoot);
  const sorted = records.toSorted((a, b) => Number(b.parent === undefined) - Number(a.parent === undefined));
  const trees = sorted.map(({ id }) => describeTree(join(graphRoot, 'overlay', id, 'diff')));
  // When something was removed is nothing that a whiteout keeps.
  const isWhiteout = (line: string): boolean => line.includes('"device": [0, 0]');
  return (await Promise.all(trees)).map((lines) =>
    lines.map((line) => (isWhiteout(line) ? line.replace(/"mtime": "\w+"/, '') : line)),
  );
}

function imageOf(layers: readonly PackedLayer[], name: string) {
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
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
      layers: layers.map(({ diffId, diffSize }) => ({
        mediaType: 'application/vnd.oci.image.layer.v1.tar',
        digest: diffId,
        size: diffSize,
      })),
    }),
  );
  const digest = sha256(manifest);
  return {
    id: sha256(config).replace('sha256:', ''),
    digest,
    names: [name],
    metadata: '{}',
    bigData: imageData({
      config: { digest: sha256(config), bytes: config },
      manifest: { digest, bytes: manifest },
      index: undefined,
      signatures: Buffer.alloc(0),
    }),
  };
}
