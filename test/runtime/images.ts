// A store in a temporary folder with images that have no layers: enough for names, history and family.
import { createHash } from 'node:crypto';
import { digestHex, sha256Digest, type Digest } from '../../src/oci/digest.js';
import { EventLog } from '../../src/runtime/events/event-log.js';
import type { ImageContext } from '../../src/runtime/images/image-context.js';
import { ImageList } from '../../src/runtime/images/image-list.js';
import type { Store } from '../../src/store/index.js';
import { openSettled, temporaryStore } from '../store/sample.js';

export interface TestImage {
  readonly names: readonly string[];
  readonly history?: readonly object[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly created?: string;
}

export interface TestStore extends AsyncDisposable {
  readonly store: Store;
  /** Adds an image; returns its id and manifest digest. */
  add(image: TestImage): Promise<{ readonly id: string; readonly digest: Digest }>;
}

/** What images are named and removed with; a warning, also of an event that cannot be written, fails the test. */
export function imageContext(store: Store, eventsFile: string): ImageContext {
  const warn = (message: string): void => {
    throw new Error(message);
  };
  return {
    store,
    images: new ImageList(store),
    events: new EventLog(async () => ({ path: eventsFile, limit: 0 }), warn),
    shortNames: { candidates: () => [] },
    // No program is called by mistake.
    environment: { PATH: '/nowhere' },
    warn,
  };
}

/** The store, in which somebody else does something right before a call of a method: the first, or that number. */
export function meanwhile(
  store: Store,
  method: 'addName' | 'removeName' | 'deleteImage',
  action: () => Promise<unknown>,
  number = 1,
): Store {
  let calls = 0;
  return new Proxy(store, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      return async (...args: unknown[]): Promise<unknown> => {
        if (key === method && ++calls === number) await action();
        return await (value.apply(target, args) as Promise<unknown>);
      };
    },
  });
}

export async function testStore(): Promise<TestStore> {
  const { options, remove } = await temporaryStore();
  const store = await openSettled(options);
  return {
    store,
    async add(image) {
      const created = image.created ?? '2024-01-01T00:00:00Z';
      const config = Buffer.from(
        JSON.stringify({
          created,
          architecture: 'amd64',
          os: 'linux',
          config: { Labels: image.labels ?? { of: image.names.join(' ') } },
          rootfs: { type: 'layers', diff_ids: [] },
          history: image.history ?? [],
        }),
      );
      const id = digestOf(config);
      const manifest = Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: id, size: config.length },
          layers: [],
        }),
      );
      const digest = digestOf(manifest);
      const bigData = [
        { key: id, bytes: config },
        { key: `manifest-${digest}`, bytes: manifest },
        { key: 'manifest', bytes: manifest },
      ];
      const record = { id: digestHex(id), names: image.names, created, digest, bigData };
      await store.commitImage({ layers: [], image: record });
      return { id: digestHex(id), digest };
    },
    async [Symbol.asyncDispose]() {
      await store.close();
      await remove();
    },
  };
}

function digestOf(bytes: Buffer): Digest {
  return sha256Digest(createHash('sha256').update(bytes).digest('hex'));
}
