// Who pulls in the bench: each into a fresh store on the file system of the cache.
import { Imaged } from '../interop/support/imaged.js';
import { PeerStore } from '../interop/support/peer-store.js';
import { CommandError, type Finished, output } from '../interop/support/process.js';
import type { LockHolds } from './lock-probe.js';
import { watchLocks } from './lock-watch.js';
import { seconds } from './statistics.js';

/** One pull: wall time in seconds, and the daemon's highest resident set in bytes where it is a daemon. */
export interface Sample {
  readonly seconds: number;
  readonly peakRss?: number;
  /** Only when the pull was watched, which makes it slower. */
  readonly locks?: LockHolds;
}

export interface Contender {
  /** Name and version, as the result shows it. */
  readonly title: string;
  /**
   * Pulls `HOST/PATH:TAG` into a store made below `parent` and checks that the image is there. The store stays: on ext4
   * without a journal files are made several times slower while many were deleted shortly before.
   */
  pull(image: string, parent: string, options?: PullOptions): Promise<Sample>;
}

export interface PullOptions {
  /** Watch the locks meanwhile. */
  readonly watchLocks: boolean;
}

/** skopeo of this system, or of the one below `chroot`. */
export async function skopeo(chroot?: string): Promise<Contender> {
  return {
    title: await version('skopeo', chroot),
    pull: (image, parent, options) =>
      inFreshStore({ image, parent, chroot, ...options }, async (store) => ({
        seconds: await seconds(() =>
          succeed(
            store.skopeo(['copy', '--src-tls-verify=false', `docker://${image}`, store.transport(image)]),
          ),
        ),
      })),
  };
}

/** podman of this system, or of the one below `chroot`. */
export async function podman(chroot?: string): Promise<Contender> {
  return {
    title: await version('podman', chroot),
    pull: (image, parent, options) =>
      inFreshStore({ image, parent, chroot, ...options }, async (store) => ({
        seconds: await seconds(() => succeed(store.podman(['pull', '--quiet', '--tls-verify=false', image]))),
      })),
  };
}

/**
 * imaged, running, asked over a connection that has already answered a call. One that is at work has pulled another image
 * before: its code is compiled, as is that of the peers.
 */
export function imaged(state: 'at work' | 'just started'): Contender {
  return {
    title: state === 'at work' ? 'imaged' : 'imaged, just started',
    pull: (image, parent, options) =>
      inFreshStore({ image, parent, ...options }, async (store) => {
        const daemon = await Imaged.start(store);
        try {
          const connection = await daemon.connect();
          await connection.call('io.podman.ListImages');
          const earlier = image.replace(/\/bench\/.*$/, '/bench/earlier:latest');
          if (state === 'at work') await connection.call('io.podman.PullImage', { name: earlier });
          await output('sync', []);
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
async function version(program: string, chroot?: string): Promise<string> {
  const command = chroot === undefined ? [] : ['chroot', chroot];
  const [first, ...rest] = [...command, program, '--version'];
  const text = await output(first ?? program, rest);
  return `${program} ${/\d[\w.]*/.exec(text)?.[0] ?? text.trim()}`;
}

interface Place {
  readonly image: string;
  readonly parent: string;
  readonly chroot?: string | undefined;
  readonly watchLocks?: boolean;
}

async function inFreshStore(
  { image, parent, chroot, watchLocks: watch }: Place,
  pull: (store: PeerStore) => Promise<Sample>,
): Promise<Sample> {
  const host = image.slice(0, image.indexOf('/'));
  const store = await PeerStore.create({
    parent,
    insecure: [host],
    ...(chroot === undefined ? {} : { chroot }),
  });
  try {
    // What the contender before has left to be written must not slow this one down.
    await output('sync', []);
    const locks = watch === true ? watchLocks(store.root) : undefined;
    const sample = await pull(store);
    const holds = await locks?.();
    await store.podmanOutput('image', 'exists', image);
    return holds === undefined ? sample : { ...sample, locks: holds };
  } finally {
    await store.unmount();
  }
}

async function succeed(finishing: Promise<Finished>): Promise<void> {
  const finished = await finishing;
  if (finished.code !== 0) {
    throw new CommandError(['pull'], finished);
  }
}
