// `npm run bench -- cli`: imagectl as a process from its start to its end, beside `node -e 0` and podman on the same store.
import { join } from 'node:path';

import { startActivated } from '../interop/support/activation.js';
import { Imaged } from '../interop/support/imaged.js';
import { PeerStore } from '../interop/support/peer-store.js';
import { type Finished, run } from '../interop/support/process.js';
import { writeStore } from './records.js';
import { median, seconds } from './statistics.js';

export interface CliReport {
  readonly rounds: number;
  /** Median seconds of `node -e 0` and of `imagectl --version`. */
  readonly node: number;
  readonly version: number;
  readonly lists: readonly ListTimes[];
}

/** Median seconds of `images`, by the number of images in the store. */
export interface ListTimes {
  readonly images: number;
  /** With a daemon that runs, and with one that is started for it. */
  readonly imagectl: number;
  readonly activated: number;
  /** Absent when it takes longer than {@link patience}. */
  readonly podman?: number;
}

/** Milliseconds until podman's turn is given up: podman 4.3 needs minutes for 1,000 images. */
const patience = 20_000;
const program = join(process.cwd(), 'dist', 'imagectl.js');
const env = { PATH: process.env['PATH'] };

export async function benchCli(
  counts: readonly number[],
  rounds: number,
  parent: string,
): Promise<CliReport> {
  const nodes: number[] = [];
  const versions: number[] = [];
  // The first time, files come from the disk.
  for (let round = 0; round <= rounds; round += 1) {
    const node = await seconds(() => succeed(run(process.execPath, ['-e', '0'], { env })));
    const version = await seconds(() => succeed(imagectl('--version')));
    if (round === 0) continue;
    nodes.push(node);
    versions.push(version);
  }
  const lists: ListTimes[] = [];
  for (const images of counts) lists.push(await timeLists(images, rounds, parent));
  return { rounds, node: median(nodes), version: median(versions), lists };
}

async function timeLists(images: number, rounds: number, parent: string): Promise<ListTimes> {
  const store = await PeerStore.create({ parent });
  try {
    await writeStore(store.root, images);
    const activated = await timeActivated(store, rounds);
    const daemon = await Imaged.start(store);
    try {
      const ours: number[] = [];
      const theirs: (number | undefined)[] = [];
      for (let round = 0; round <= rounds; round += 1) {
        ours.push(await seconds(() => succeed(imagectl('--url', daemon.address, 'images'))));
        // What took too long once will not be quick the next time.
        if (round === 0 || theirs.every((time) => time !== undefined)) theirs.push(await timePodman(store));
      }
      const times = theirs.slice(1).filter((time) => time !== undefined);
      const podman = theirs.includes(undefined) ? {} : { podman: median(times) };
      return { images, imagectl: median(ours.slice(1)), activated, ...podman };
    } finally {
      await daemon.close();
    }
  } finally {
    await store.close();
  }
}

async function timeActivated(store: PeerStore, rounds: number): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const socket = join(store.directory, `activated-${round}.sock`);
    const daemon = await startActivated(store, socket);
    try {
      times.push(await seconds(() => succeed(imagectl('--url', `unix:${socket}`, 'images'))));
    } finally {
      await daemon.close();
    }
  }
  return median(times.slice(1));
}

function imagectl(...args: readonly string[]): Promise<Finished> {
  return run(process.execPath, [program, ...args], { env });
}

async function timePodman(store: PeerStore): Promise<number | undefined> {
  const start = performance.now();
  const { code } = await store.podman(['images'], { timeout: patience });
  return code === 0 ? (performance.now() - start) / 1000 : undefined;
}

async function succeed(running: Promise<Finished>): Promise<void> {
  const { code, stderr } = await running;
  if (code !== 0) throw new Error(`it ended with ${code}: ${stderr}`);
}
