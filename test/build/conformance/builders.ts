// Who builds: buildah, and imagectl on a daemon; each on a store of its own with the same base images.
import { join } from 'node:path';

import type { Imaged } from '../../interop/support/imaged.js';
import { PeerStore } from '../../interop/support/peer-store.js';
import { output, run } from '../../interop/support/process.js';
import type { Variant } from './conformance-case.js';
import { makeBases } from './base-images.js';

export interface BuildOrder extends Variant {
  /** Directory of the context. */
  readonly context: string;
  /** Whole name of the image. */
  readonly name: string;
  /** Further flags. */
  readonly options: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** `false` if absent: each build does all its steps. */
  readonly useCache?: boolean;
}

export interface BuildEnd {
  readonly built: boolean;
  /** What both outputs say. */
  readonly log: string;
}

export interface Builder {
  readonly store: PeerStore;
  build(order: BuildOrder): Promise<BuildEnd>;
}

const program = join(process.cwd(), 'dist', 'imagectl.js');

/** Flags that both have. */
function flags({ format, name, options, context, useCache = false }: BuildOrder): string[] {
  return [
    ...(useCache ? [] : ['--no-cache']),
    '--format',
    format,
    '--file',
    join(context, 'Dockerfile'),
    ...(name === '' ? [] : ['--tag', name]),
    ...options.map((option) => option.replaceAll('CONTEXT', context)),
    context,
  ];
}

/** chroot isolation is the faster one and makes the same files; `--isolation` among the options of a case comes last. */
export function buildah(store: PeerStore): Builder {
  return {
    store,
    async build(order) {
      const place = ['--root', store.root, '--runroot', store.runroot, '--storage-driver', 'overlay'];
      const env = { ...store.environment, BUILDAH_ISOLATION: 'chroot', ...order.environment };
      const { code, stdout, stderr } = await run(
        'buildah',
        [...place, 'bud', `--layers=${order.layers}`, ...flags(order)],
        { env },
      );
      return { built: code === 0, log: stdout + stderr };
    },
  };
}

/** imagectl; `daemon` is whatever serves the store by then. */
export function imagectl(store: PeerStore, daemon: () => Imaged): Builder {
  return {
    store,
    async build(order) {
      const env = { PATH: process.env['PATH'], IMAGED_ADDRESS: daemon().address, ...order.environment };
      // What buildah calls so is `squash-all` for podman and imagectl.
      const args = flags(order).map((flag) => (flag === '--squash' ? '--squash-all' : flag));
      const how = order.layers ? '--layers' : '--no-layers';
      const { code, stdout, stderr } = await run(process.execPath, [program, 'build', how, ...args], {
        env,
      });
      return { built: code === 0, log: stdout + stderr };
    },
  };
}

/** Two stores with the same images: those that cases begin with. */
export async function twoStores(): Promise<readonly [PeerStore, PeerStore]> {
  const first = await PeerStore.create();
  await makeBases(first);
  await first.unmount();
  const second = await PeerStore.create();
  await output('cp', ['--archive', first.root, second.root]);
  return [first, second];
}
