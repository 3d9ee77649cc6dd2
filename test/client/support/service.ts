// A service for imagectl to talk to: the generated stubs on a real socket, with a few images and no store.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ioImaged } from '../../../src/generated/io-imaged.js';
import type { IoImagedService } from '../../../src/generated/io-imaged.js';
import { ErrorOccurred, ImageNotFound, ioPodman } from '../../../src/generated/io-podman.js';
import type { Image, IoPodmanService } from '../../../src/generated/io-podman.js';
import { Dispatcher } from '../../../src/rpc/index.js';
import { VarlinkServer } from '../../../src/rpc/varlink/server.js';

export interface RunningService {
  readonly address: string;
  /** Every call so far: the method and its parameters. */
  readonly calls: readonly (readonly [method: string, params: object])[];
  close(): Promise<void>;
}

/** Serves what of the interfaces is given; everything else answers MethodNotImplemented. */
export async function startService(
  podman: Partial<IoPodmanService>,
  imaged?: Partial<IoImagedService>,
): Promise<RunningService> {
  const directory = await mkdtemp(join(tmpdir(), 'imagectl-'));
  const calls: [string, object][] = [];
  const dispatcher = new Dispatcher();
  dispatcher.serve(ioPodman, recorded(podman, calls));
  if (imaged !== undefined) dispatcher.serve(ioImaged, imaged);
  const server = new VarlinkServer({ dispatcher });
  const address = await server.listen(`unix:${join(directory, 'io.podman')}`);
  return {
    address,
    calls,
    async close() {
      await server.close();
      await rm(directory, { recursive: true });
    },
  };
}

function recorded(service: object, calls: [string, object][]): object {
  return new Proxy(service, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return (params: object, call: unknown): unknown => {
        calls.push([String(name), params]);
        return Reflect.apply(method, target, [params, call]);
      };
    },
  });
}

/** An image with everything empty that is not given. `id` is a character that is repeated. */
export function image(id: string, fields: Partial<Image> = {}): Image {
  return {
    id: id.repeat(64),
    digest: `sha256:${'d'.repeat(64)}`,
    digests: [],
    parentId: '',
    repoTags: [],
    repoDigests: [],
    created: '2024-01-01T00:00:00Z',
    size: 0,
    virtualSize: fields.size ?? 0,
    containers: 0,
    labels: {},
    isParent: false,
    topLayer: '',
    readOnly: false,
    history: [],
    ...fields,
  };
}

/** Some images in memory with the rules of io.podman for names, tags and removal, as far as tests need them. */
export function imagesService(initial: readonly Image[]): Partial<IoPodmanService> {
  let images = [...initial];
  const find = (name: string): Image => {
    const found = images.find(({ id, repoTags }) => id.startsWith(name) || repoTags.includes(name));
    if (found === undefined) throw new ImageNotFound(name, `${name}: image not known`);
    return found;
  };
  const rename = (old: Image, repoTags: readonly string[]): void => {
    images = images.map((other) => (other === old ? { ...old, repoTags } : other));
  };
  /* oxlint-disable typescript/require-await -- the shape of a service */
  return {
    listImages: async () => ({ images }),
    listImagesWithFilters: async ({ filters }) => {
      if (filters.some((filter) => !filter.includes('='))) {
        throw new ErrorOccurred(`unable to get list of images "invalid filter syntax ${filters.join(' ')}"`);
      }
      return { images: images.filter(({ repoTags }) => repoTags.length === 0) };
    },
    getImage: async ({ id }) => ({ image: find(id) }),
    imageExists: async ({ name }) => {
      if (/[A-Z]/.test(name)) throw new ErrorOccurred('repository name must be lowercase');
      return { exists: images.some(({ id, repoTags }) => id === name || repoTags.includes(name)) ? 0 : 1 };
    },
    inspectImage: async ({ name }) => ({ image: JSON.stringify({ Id: find(name).id, Labels: null }) }),
    tagImage: async ({ name, tagged }) => {
      const found = find(name);
      rename(found, [...found.repoTags, tagged]);
      return { image: found.id };
    },
    untagImage: async ({ name, tag }) => {
      const found = find(name);
      if (!found.repoTags.includes(tag)) throw new ErrorOccurred(`${tag}: tag not known`);
      rename(
        found,
        found.repoTags.filter((other) => other !== tag),
      );
      return { image: found.id };
    },
    removeImageWithResponse: async ({ name, force }) => {
      const found = find(name);
      const { id, repoTags, containers } = found;
      if (containers > 0 && repoTags.length <= 1 && !force) {
        throw new ErrorOccurred(
          `could not remove image ${id} as it is being used by ${containers} containers`,
        );
      }
      if (repoTags.length > 1 && !id.startsWith(name)) {
        rename(
          found,
          repoTags.filter((other) => other !== name),
        );
        return { response: { untagged: [name], deleted: '' } };
      }
      if (repoTags.length > 1 && !force) {
        throw new ErrorOccurred(
          `unable to delete ${id} (must force) - image is referred to in multiple tags`,
        );
      }
      images = images.filter((other) => other !== found);
      return { response: { untagged: repoTags, deleted: id } };
    },
  };
  /* oxlint-enable typescript/require-await */
}
