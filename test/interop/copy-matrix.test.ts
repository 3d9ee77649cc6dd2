// Every source to every destination, in every form an image can have: skopeo makes what is copied and looks at the copies.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { type DockerRegistry, startDockerRegistry } from './support/docker-registry.js';
import { copiedImage, type CopiedImage } from './support/image-copy.js';
import { Imaged } from './support/imaged.js';
import { PeerStore } from './support/peer-store.js';
import { pushImage } from './support/push.js';
import { buildRichImage } from './support/rich-image.js';
import { untidiness } from './support/store-content.js';

jest.setTimeout(120_000);

type Format = 'docker' | 'oci';
type Compression = 'gzip' | 'none' | 'zstd';

const forms: readonly (readonly [Format, Compression])[] = [
  ['docker', 'gzip'],
  ['docker', 'none'],
  ['oci', 'gzip'],
  ['oci', 'none'],
  ['oci', 'zstd'],
];
const transports = ['docker', 'docker-archive', 'oci-archive', 'oci', 'dir', 'containers-storage'] as const;
type Transport = (typeof transports)[number];

let registry: DockerRegistry;
let store: PeerStore;
/** Where the images of the sources lie, so that imaged's own store has none of their layers. */
let others: PeerStore;
let daemon: Imaged;
const originals = new Map<string, CopiedImage>();
/** The images converted to the OCI's form by skopeo, directly and after they were archives of Docker's. */
const converted = new Map<string, CopiedImage>();
const convertedArchives = new Map<string, CopiedImage>();

beforeAll(async () => {
  registry = await startDockerRegistry();
  store = await PeerStore.create({ insecure: [registry.host] });
  others = await PeerStore.create({ insecure: [registry.host] });
  daemon = await Imaged.start(store);
  for (const [format, compression] of forms) {
    const form = `${format}-${compression}`;
    await pushImage(registry.host, form, '1', await buildRichImage(format, compression));
    originals.set(form, await copiedImage(others, `docker://${registry.host}/${form}:1`));
    await makeSources(form);
    converted.set(form, await copiedImage(others, `oci:${others.directory}/oci-${form}:example.com/a:1`));
    if (!formsOf('docker-archive').includes(form)) continue;
    const layout = `oci:${others.directory}/archived-${form}:x`;
    await others.skopeoOutput('copy', '--quiet', sourceName('docker-archive', form), layout);
    convertedArchives.set(form, await copiedImage(others, layout));
  }
});

afterAll(async () => {
  await daemon?.close();
  await store?.close();
  await others?.close();
  await registry?.close();
});

async function makeSources(form: string): Promise<void> {
  const from = `docker://${registry.host}/${form}:1`;
  const copy = (to: string): Promise<string> =>
    others.skopeoOutput('copy', '--quiet', '--src-tls-verify=false', from, to);
  const { directory } = others;
  await copy(`dir:${join(directory, `dir-${form}`)}`);
  await copy(`oci:${join(directory, `oci-${form}`)}:example.com/a:1`);
  await copy(`oci-archive:${join(directory, `oci-${form}.tar`)}:example.com/a:1`);
  // The store has to be imaged's own.
  const stored = store.transport(`example.com/${form}:1`);
  await store.skopeoOutput('copy', '--quiet', '--src-tls-verify=false', from, stored);
  // skopeo cannot make an archive of Docker's of what is zstd.
  if (form !== 'oci-zstd') {
    await copy(`docker-archive:${join(directory, `docker-${form}.tar`)}:example.com/a:1`);
  }
}

function sourceName(transport: Transport, form: string): string {
  const { directory } = others;
  switch (transport) {
    case 'docker':
      return `docker://${registry.host}/${form}:1`;
    case 'dir':
      return `dir:${directory}/dir-${form}`;
    case 'oci':
      return `oci:${directory}/oci-${form}:example.com/a:1`;
    case 'oci-archive':
      return `oci-archive:${directory}/oci-${form}.tar:example.com/a:1`;
    case 'docker-archive':
      return `docker-archive:${directory}/docker-${form}.tar`;
    default:
      return `containers-storage:example.com/${form}:1`;
  }
}

function formsOf(transport: Transport): readonly string[] {
  const all = forms.map((form) => form.join('-'));
  return transport === 'docker-archive' ? all.filter((form) => form !== 'oci-zstd') : all;
}

function destinationName(transport: Transport, directory: string, name: string): string {
  switch (transport) {
    case 'docker':
      return `docker://${registry.host}/${name}:1`;
    case 'dir':
      return `dir:${directory}/dir`;
    case 'oci':
      return `oci:${directory}/oci:example.com/copy:1`;
    case 'oci-archive':
      return `oci-archive:${directory}/oci.tar:example.com/copy:1`;
    case 'docker-archive':
      return `docker-archive:${directory}/docker.tar:example.com/copy:1`;
    default:
      return `containers-storage:example.com/${name}:copy`;
  }
}

async function copy(source: string, destination: string, options: object = {}): Promise<string> {
  const connection = await daemon.connect();
  try {
    const reply = await connection.call('io.imaged.CopyImage', { source, destination, options });
    return reply['digest'] as string;
  } finally {
    connection.close();
  }
}

describe.each(transports)('an image from %s', (from) => {
  const cases = formsOf(from).flatMap((form) => transports.map((to) => ({ form, to })));

  it.each(cases)('in the form $form is the same image in $to', async ({ form, to }) => {
    const directory = join(others.directory, `${from}-${form}-${to}`);
    await mkdir(directory);
    const destination = destinationName(to, directory, `${from}-${form}-${to}`);
    const digest = await copy(sourceName(from, form), destination);

    const place = to === 'containers-storage' ? store.transport(destination.slice(19)) : destination;
    const copied = await copiedImage(store, place);
    const original = originals.get(form)!;
    expect(copied.config).toBe(expectedImage(from, to, form).config);
    expect(copied.diffIds).toEqual(original.diffIds);
    // Whatever a layer is said to be, it is; archives and the store say nothing, directories what their source said.
    const said = zipping.has(to) ? copied.layerTypes.map(compressionOfType) : copied.compressions;
    expect(copied.compressions).toEqual(said);
    const plain = zipping.has(to) && !form.endsWith('none') && copied.compressions.includes('none');
    expect(plain).toBe(false);
    // skopeo makes a manifest of its own where there is none as such.
    expect(to === 'docker-archive' || to === 'containers-storage' ? digest : copied.digest).toBe(digest);
  });
});

/** A layout makes another config of Docker's; and whatever has been an archive of Docker's has one. */
function expectedImage(from: Transport, to: Transport, form: string): CopiedImage {
  const isLayout = (transport: Transport): boolean => transport === 'oci' || transport === 'oci-archive';
  if (from === 'docker-archive' && isLayout(to)) return convertedArchives.get(form)!;
  return (isLayout(from) || isLayout(to) ? converted : originals).get(form)!;
}

/** Where layers are zipped that are not yet. */
const zipping: ReadonlySet<Transport> = new Set<Transport>(['docker', 'oci', 'oci-archive']);

function compressionOfType(type: string): string {
  return ['gzip', 'zstd'].find((compression) => type.endsWith(compression)) ?? 'none';
}

describe('all those copies', () => {
  it('carry the names they were given', async () => {
    const images = await store.podmanJson<{ Names: string[] | null }[]>('images', '--format', 'json');
    const names = images.flatMap((image) => image.Names ?? []);
    for (const from of transports) {
      for (const form of formsOf(from)) {
        expect(names).toContain(`example.com/${from}-${form}-containers-storage:copy`);
      }
    }
    const archive = join(others.directory, 'dir-oci-gzip-docker-archive', 'docker.tar');
    expect(await store.skopeoOutput('list-tags', `docker-archive:${archive}`)).toContain(
      'example.com/copy:1',
    );
  });

  it('left the store tidy', async () => {
    expect(await untidiness(store.root)).toEqual([]);
  });
});

describe('an image that is pushed back to where it was pulled from', () => {
  it.each(forms)('keeps its manifest to the byte: %s, %s', async (format, compression) => {
    const form = `${format}-${compression}`;
    const name = `${registry.host}/${form}`;
    await copy(`docker://${name}:1`, `containers-storage:${name}:1`);
    const digest = await copy(`containers-storage:${name}:1`, `docker://${name}:again`);
    expect(digest).toBe(originals.get(form)!.digest);
  });
});
