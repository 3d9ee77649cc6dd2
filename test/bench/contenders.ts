// Who pulls in the bench: each into a fresh store on the file system of the cache.
import { Imaged } from '../interop/support/imaged.js';
import { PeerStore } from '../interop/support/peer-store.js';
import { CommandError, type Finished, output } from '../interop/support/process.js';
import { seconds } from './statistics.js';

/** One pull: wall time in seconds, and the daemon's highest resident set in bytes where it is a daemon. */
export interface Sample {
  readonly seconds: number;
  readonly peakRss?: number;
}

export interface Contender {
  /** Name and version, as the result shows it. */
  readonly title: string;
  /** Pulls `HOST/PATH:TAG` into a store made below `parent` and checks that the image is there. */
  pull(image: string, parent: string): Promise<Sample>;
}

export async function skopeo(): Promise<Contender> {
  return {
    title: await version('skopeo'),
    pull: (image, parent) =>
      inFreshStore(image, parent, async (store) => ({
        seconds: await seconds(() =>
          succeed(
            store.skopeo(['copy', '--src-tls-verify=false', `docker://${image}`, store.transport(image)]),
          ),
        ),
      })),
  };
}

export async function podman(): Promise<Contender> {
  return {
    title: await version('podman'),
    pull: (image, parent) =>
      inFreshStore(image, parent, async (store) => ({
        seconds: await seconds(() => succeed(store.podman(['pull', '--quiet', '--tls-verify=false', image]))),
      })),
  };
}

/** imaged, running, asked over a connection that has already answered a call. */
export function imaged(): Contender {
  return {
    title: 'imaged',
    pull: (image, parent) =>
      inFreshStore(image, parent, async (store) => {
        const daemon = await Imaged.start(store);
        try {
          const connection = await daemon.connect();
          await connection.call('io.podman.ListImages');
          const elapsed = await seconds(async () => {
            for await (const _ of connection.more('io.podman.PullImage', { name: image })) {
              // Every reply is read, as a client that shows progress does.
            }
          });
          return { seconds: elapsed, peakRss: await daemon.peakRss() };
        } finally {
          await daemon.close();
        }
      }),
  };
}

/** `skopeo version 1.9.3 …` → `skopeo 1.9.3`. */
async function version(program: string): Promise<string> {
  const text = await output(program, ['--version']);
  return `${program} ${/\d[\w.]*/.exec(text)?.[0] ?? text.trim()}`;
}

async function inFreshStore(
  image: string,
  parent: string,
  pull: (store: PeerStore) => Promise<Sample>,
): Promise<Sample> {
  const host = image.slice(0, image.indexOf('/'));
  const store = await PeerStore.create({ parent, insecure: [host] });
  try {
    // What the contender before has left to be written must not slow this one down.
    await output('sync', []);
    const sample = await pull(store);
    await store.podmanOutput('image', 'exists', image);
    return sample;
  } finally {
    await store.close();
  }
}

async function succeed(finishing: Promise<Finished>): Promise<void> {
  const finished = await finishing;
  if (finished.code !== 0) {
    throw new CommandError(['pull'], finished);
  }
}
