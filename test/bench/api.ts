// `npm run bench -- api`: every method that only reads, over a warm connection, beside the podman command that tells the same.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Imaged } from '../interop/support/imaged.js';
import { PeerStore } from '../interop/support/peer-store.js';
import type { VarlinkConnection } from '../interop/support/varlink.js';
import { writeStore } from './records.js';
import { median, quantile, seconds } from './statistics.js';

export interface ApiReport {
  readonly images: number;
  readonly methods: readonly MethodReport[];
}

export interface MethodReport {
  readonly method: string;
  /** Of the reply. */
  readonly bytes: number;
  /** Seconds until the whole reply has arrived. */
  readonly median: number;
  readonly p99: number;
  /** The command line after `podman`, and its seconds; no seconds when it takes longer than {@link patience}. */
  readonly command?: string;
  readonly podman?: number;
}

interface Method {
  readonly name: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly command?: readonly string[];
}

/** Milliseconds until podman's turn is given up: podman 4.3 needs minutes for what looks at 1,000 images. */
const patience = 20_000;
/** Files in the layer that Diff compares, and events in the log. */
const filesOfLayer = 100;
const eventPairs = 50;
/** Without this many calls both processes are still being compiled. */
const warmUp = 50;

const name = 'registry.example.com/team-0/service-0:1.0';

const methods: readonly Method[] = [
  { name: 'GetVersion', parameters: {}, command: ['version'] },
  { name: 'GetInfo', parameters: {}, command: ['info'] },
  { name: 'ListImages', parameters: {}, command: ['images', '--quiet'] },
  {
    name: 'ListImagesWithFilters',
    parameters: { filters: ['reference=service-0', 'dangling=false'] },
    command: ['images', '--quiet', '--filter', 'reference=*service-0*', '--filter', 'dangling=false'],
  },
  { name: 'GetImage', parameters: { id: name }, command: ['images', '--quiet', name] },
  { name: 'ImageExists', parameters: { name }, command: ['image', 'exists', name] },
  { name: 'InspectImage', parameters: { name }, command: ['image', 'inspect', name] },
  { name: 'HistoryImage', parameters: { name }, command: ['history', name] },
  { name: 'ImageTree', parameters: { name, whatRequires: false }, command: ['image', 'tree', name] },
  { name: 'GetLayersMapWithImageInfo', parameters: {} },
  { name: 'BuildImageHierarchyMap', parameters: { name } },
  { name: 'Diff', parameters: { name }, command: ['image', 'diff', name] },
  { name: 'ContainerExists', parameters: { name: 'none' }, command: ['container', 'exists', 'none'] },
  {
    name: 'GetEvents',
    parameters: { filter: ['event=untag'], since: '', until: '' },
  },
];

export async function benchApi(
  counts: readonly number[],
  rounds: number,
  parent: string,
): Promise<ApiReport[]> {
  const reports: ApiReport[] = [];
  for (const images of counts) {
    const store = await PeerStore.create({ parent });
    try {
      await writeStore(store.root, images);
      await fillLayers(store.root);
      reports.push({ images, methods: await measure(store, rounds) });
    } finally {
      await store.close();
    }
  }
  return reports;
}

/** Gives every top layer some files. */
async function fillLayers(root: string): Promise<void> {
  const text = await readFile(join(root, 'overlay-images', 'images.json'), 'utf8');
  for (const layer of new Set((JSON.parse(text) as { layer: string }[]).map((image) => image.layer))) {
    const directory = join(root, 'overlay', layer, 'diff', 'srv');
    await mkdir(directory);
    for (let file = 0; file < filesOfLayer; file += 1) await writeFile(join(directory, `file-${file}`), '');
  }
}

async function measure(store: PeerStore, rounds: number): Promise<MethodReport[]> {
  const daemon = await Imaged.start(store);
  try {
    const connection = await daemon.connect();
    for (let pair = 0; pair < eventPairs; pair += 1) {
      await connection.call('io.podman.TagImage', { name, tagged: 'localhost/tag:1' });
      await connection.call('io.podman.UntagImage', { name, tag: 'localhost/tag:1' });
    }
    const reports: MethodReport[] = [];
    for (const method of methods) {
      const figures = await timeCalls(connection, method, rounds);
      const { command } = method;
      if (command === undefined) reports.push(figures);
      else reports.push({ ...figures, command: shown(command), ...(await timePodman(store, command)) });
    }
    return reports;
  } finally {
    await daemon.close();
  }
}

async function timeCalls(
  connection: VarlinkConnection,
  { name: method, parameters }: Method,
  rounds: number,
): Promise<Pick<MethodReport, 'method' | 'bytes' | 'median' | 'p99'>> {
  let frame: Buffer = Buffer.alloc(0);
  const call = async (): Promise<void> => {
    connection.send({ method: `io.podman.${method}`, parameters });
    frame = await connection.receiveFrame();
  };
  for (let round = 0; round < warmUp; round += 1) await call();
  const { error } = JSON.parse(frame.toString()) as { readonly error?: string };
  if (error !== undefined) throw new Error(`${method}: ${error}`);
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) times.push(await seconds(call));
  return { method, bytes: frame.length, median: median(times), p99: quantile(times, 0.99) };
}

async function timePodman(store: PeerStore, command: readonly string[]): Promise<{ podman?: number }> {
  const start = performance.now();
  const finished = await store.podman(command, { timeout: patience });
  // 1 is the answer no; a process that was stopped has no status.
  return finished.code === 0 || finished.code === 1 ? { podman: (performance.now() - start) / 1000 } : {};
}

function shown(command: readonly string[]): string {
  return command.map((word) => (word === name ? 'NAME' : word)).join(' ');
}
