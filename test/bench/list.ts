// `npm run bench -- list`: ListImages over a warm connection against JSON.stringify of the same reply.
import { Imaged } from '../interop/support/imaged.js';
import { PeerStore } from '../interop/support/peer-store.js';
import type { VarlinkConnection } from '../interop/support/varlink.js';
import { writeStore } from './records.js';
import { median, seconds } from './statistics.js';

export interface ListReport {
  readonly images: number;
  /** Bytes of the reply. */
  readonly bytes: number;
  /** Median seconds until the whole reply has arrived, of {@link inRow} calls one after the other. */
  readonly call: number;
  /** Median seconds of a call when {@link pipelined} of them are sent at once. */
  readonly callOfMany: number;
  /** Median seconds of GetVersion: the way there and back. */
  readonly roundTrip: number;
  /** Median seconds of JSON.stringify on the decoded reply. */
  readonly stringify: number;
  /** Seconds of the first call after the start, which reads the store. */
  readonly first: number;
  /** Seconds of `podman images` on the same store; absent when it takes longer than {@link patience}. */
  readonly podman?: number;
}

const pipelined = 20;

/**
 * So many calls, or prints, are timed together where they are short: between single ones the other process falls asleep, and
 * waking it up takes longer than the call.
 */
function inRow(images: number): number {
  return Math.max(1, Math.floor(200 / images));
}

/** Milliseconds until podman's turn is given up: podman 4.3 needs minutes for 1,000 images. */
const patience = 20_000;

export async function benchList(counts: readonly number[], parent: string): Promise<ListReport[]> {
  const reports: ListReport[] = [];
  let gaveUp = false;
  for (const count of counts) {
    const store = await PeerStore.create({ parent });
    try {
      await writeStore(store.root, count);
      const figures = await measure(store, count);
      // It will not be faster with more of them.
      const podman: number | undefined = gaveUp ? undefined : await timePodman(store);
      gaveUp = podman === undefined;
      reports.push(podman === undefined ? figures : { ...figures, podman });
    } finally {
      await store.close();
    }
  }
  return reports;
}

async function measure(store: PeerStore, images: number): Promise<ListReport> {
  const daemon = await Imaged.start(store);
  try {
    const connection = await daemon.connect();
    let frame: Buffer = Buffer.alloc(0);
    const call = async (): Promise<void> => {
      connection.send({ method: 'io.podman.ListImages', parameters: {} });
      frame = await connection.receiveFrame();
    };
    const first = await seconds(call);
    // The compilers of both processes have seen everything by then.
    const warm = images >= 10_000 ? 5 : 200;
    for (let round = 0; round < warm; round += 1) {
      await call();
    }
    const calls: number[] = [];
    const prints: number[] = [];
    const row = inRow(images);
    for (let round = 0; round < warm + 10; round += 1) {
      const elapsed = await seconds(async () => {
        for (let turn = 0; turn < row; turn += 1) await call();
      });
      calls.push(elapsed / row);
      const reply = JSON.parse(frame.toString()) as { parameters: { images: unknown[] } };
      if (reply.parameters.images.length !== images) {
        throw new Error(`${reply.parameters.images.length} images listed, ${images} in the store`);
      }
      const start = performance.now();
      for (let turn = 0; turn < row; turn += 1) JSON.stringify(reply);
      prints.push((performance.now() - start) / 1000 / row);
    }
    const batches: number[] = [];
    const trips: number[] = [];
    for (let round = 0; round < warm; round += 1) {
      batches.push((await seconds(() => callMany(connection))) / pipelined);
      const trip = await seconds(async () => {
        for (let turn = 0; turn < row; turn += 1) await connection.call('io.podman.GetVersion');
      });
      trips.push(trip / row);
    }
    return {
      images,
      bytes: frame.length,
      call: median(calls),
      callOfMany: median(batches),
      roundTrip: median(trips),
      stringify: median(prints),
      first,
    };
  } finally {
    await daemon.close();
  }
}

async function callMany(connection: VarlinkConnection): Promise<void> {
  for (let call = 0; call < pipelined; call += 1) {
    connection.send({ method: 'io.podman.ListImages', parameters: {} });
  }
  for (let call = 0; call < pipelined; call += 1) {
    await connection.receiveFrame();
  }
}

async function timePodman(store: PeerStore): Promise<number | undefined> {
  const start = performance.now();
  const finished = await store.podman(['images', '--quiet'], { timeout: patience });
  return finished.code === 0 ? (performance.now() - start) / 1000 : undefined;
}
