// A process is killed while it changes a store: what the next one finds.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { openStore, type StorageOptions } from '../../src/store/index.js';
import { PeerStore } from './support/peer-store.js';
import { untidiness, unusedLayers } from './support/store-content.js';

jest.setTimeout(120_000);

const writer = join(process.cwd(), 'dist/test/interop/support/store-writer.js');
let peer: PeerStore;
beforeEach(async () => {
  peer = await PeerStore.create();
});
afterEach(() => peer.close());

function options(): StorageOptions {
  const { root: graphRoot, runroot: runRoot } = peer;
  return { graphRoot, runRoot, driver: 'overlay', additionalImageStores: [], driverOptions: [] };
}

/** Lets a writer work until it has made some changes and `milliseconds` more, then kills it. */
async function crash(milliseconds: number): Promise<void> {
  const child = spawn(process.execPath, [writer, peer.root, peer.runroot, 'crash'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  child.kill('SIGKILL');
  await once(child, 'exit');
}

describe('a writer that is killed at any moment', () => {
  it('leaves nothing that the next start does not clear away, and no image that podman cannot read', async () => {
    for (let round = 0; round < 30; round += 1) {
      await crash(Math.random() * 60);
      const store = await openStore(options());
      await store.recovery;
      await store.close();
      expect(await untidiness(peer.root)).toEqual([]);
      expect(await unusedLayers(peer.root)).toEqual([]);
    }
    const images = await peer.podmanJson<{ Id: string }[]>(
      'images',
      '--all',
      '--format',
      'json',
      '--no-trunc',
    );
    const store = await openStore(options());
    const view = await store.view();
    await store.close();
    // Podman has a row for each name.
    expect([...new Set(images.map(({ Id }) => Id))].toSorted()).toEqual(
      view.images.map(({ id }) => id).toSorted(),
    );
    for (const { id } of view.images) {
      // Reads every layer by its recipe and compares the digests.
      await peer.skopeoOutput('copy', '--quiet', peer.transport(`@${id}`), `dir:${join(peer.directory, id)}`);
    }
  });
});
