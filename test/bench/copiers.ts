// Who pushes, saves and loads in the bench: imaged over varlink, and the peers, all on one store.
import { Imaged } from '../interop/support/imaged.js';
import type { PeerStore } from '../interop/support/peer-store.js';
import { CommandError, type Finished } from '../interop/support/process.js';

/** A copy that is timed. Names are as `localhost/bench/base:latest`, places as `docker-archive:/file`, without a name in them. */
export interface Copier {
  readonly title: string;
  /** To `HOST/PATH:TAG`, in plain http. */
  push(store: PeerStore, name: string, target: string): Promise<void>;
  save(store: PeerStore, name: string, place: string): Promise<void>;
  load(store: PeerStore, place: string): Promise<void>;
  /** Highest resident set in bytes, where it is a daemon. */
  peakRss?(): Promise<number>;
}

/** A copier and what it needs, running. */
export interface RunningCopier extends Copier {
  close(): Promise<void>;
}

export interface CopierKind {
  readonly title: string;
  start(store: PeerStore): Promise<RunningCopier>;
}

export const imaged: CopierKind = {
  title: 'imaged',
  async start(store) {
    const daemon = await Imaged.start(store);
    const connection = await daemon.connect();
    const call = async (method: string, parameters: Readonly<Record<string, unknown>>): Promise<void> => {
      for await (const _ of connection.more(`io.podman.${method}`, parameters)) {
        // Every reply is read, as a client that shows progress does.
      }
    };
    await call('ListImages', {});
    return {
      title: imaged.title,
      push: (_, name, target) =>
        call('PushImage', {
          name,
          tag: `docker://${target}`,
          compress: false,
          format: '',
          removeSignatures: false,
          signBy: '',
        }),
      save: (_, name, place) =>
        call('ExportImage', { name, destination: `${place}:${name}`, compress: false, tags: [] }),
      load: (_, place) =>
        call('LoadImage', {
          name: '',
          inputFile: place.slice(place.indexOf(':') + 1),
          quiet: false,
          deleteFile: false,
        }),
      peakRss: () => daemon.peakRss(),
      close: () => daemon.close(),
    };
  },
};

export const skopeo: CopierKind = withoutDaemon('skopeo', {
  push: (store, name, target) =>
    succeed(
      store.skopeo([
        'copy',
        '--quiet',
        '--dest-tls-verify=false',
        store.transport(name),
        `docker://${target}`,
      ]),
    ),
  save: (store, name, place) =>
    succeed(store.skopeo(['copy', '--quiet', store.transport(name), `${place}:${name}`])),
  load: (store, place) =>
    succeed(store.skopeo(['copy', '--quiet', place, store.transport('localhost/bench/loaded:latest')])),
});

export const podman: CopierKind = withoutDaemon('podman', {
  push: (store, name, target) =>
    succeed(store.podman(['push', '--quiet', '--tls-verify=false', name, `docker://${target}`])),
  save: (store, name, place) => {
    const [format = '', file = ''] = place.split(':');
    return succeed(store.podman(['save', '--quiet', '--format', format, '--output', file, name]));
  },
  load: (store, place) =>
    succeed(store.podman(['load', '--quiet', '--input', place.slice(place.indexOf(':') + 1)])),
});

function withoutDaemon(program: string, copier: Omit<Copier, 'title'>): CopierKind {
  return {
    title: program,
    start: async () => ({ ...copier, title: program, close: async () => undefined }),
  };
}

async function succeed(finishing: Promise<Finished>): Promise<void> {
  const finished = await finishing;
  if (finished.code !== 0) throw new CommandError(['copy'], finished);
}
