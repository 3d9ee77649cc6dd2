// Puts the original tar of a layer together again from its recipe (tar-split, containers-storage-format §7) and its files.
import { closeSync, createReadStream, fstatSync, readSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { must, openInRoot } from '../sys/files.js';
import { createCrc64, type Crc64 } from './tar-split-crc64.js';

/** The recipe is damaged, or a file is not what it was. */
export class TarSplitError extends Error {
  override readonly name = 'TarSplitError';
  readonly code = 'TAR_SPLIT';
}

/** Opens a file of the layer for reading by its name in the tar (latin1) and returns the descriptor; throws if it has none. */
export type OpenContent = (name: string) => number;

interface TarSplitRecord {
  readonly type: number;
  readonly name?: string;
  readonly name_raw?: string;
  readonly size?: number;
  readonly payload: string | null;
}

const READ_BYTES = 256 * 1024;

/**
 * The bytes of the tar, in chunks of at most 256 KiB that are valid until the next one. Checks size and CRC of every file.
 * Throws {@link TarSplitError} and the errors of reading. Blocks the thread while it reads files.
 */
export async function* reassembleTar(recipePath: string, open: OpenContent): AsyncGenerator<Buffer, void> {
  const lines = createInterface({
    input: createReadStream(recipePath).pipe(createGunzip({ chunkSize: READ_BYTES })),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  const crc = createCrc64();
  const buffer = Buffer.alloc(READ_BYTES);
  for await (const line of lines) {
    if (line === '') continue;
    const record = parseRecord(line);
    if (record.type === 2) yield Buffer.from(record.payload ?? '', 'base64');
    else if ((record.size ?? 0) > 0) yield* content(record, open, crc, buffer);
  }
}

function parseRecord(line: string): TarSplitRecord {
  const record = JSON.parse(line) as TarSplitRecord;
  if (record.type !== 1 && record.type !== 2) throw new TarSplitError(`unknown record type ${record.type}`);
  return record;
}

function* content(
  record: TarSplitRecord,
  open: OpenContent,
  crc: Crc64,
  buffer: Buffer,
): Generator<Buffer, void> {
  const name =
    record.name === undefined
      ? Buffer.from(record.name_raw ?? '', 'base64').toString('latin1')
      : Buffer.from(record.name).toString('latin1');
  const size = record.size ?? 0;
  const fd = open(name);
  try {
    crc.reset();
    for (let done = 0; done < size;) {
      const count = readSync(fd, buffer, 0, Math.min(buffer.length, size - done), done);
      if (count === 0) throw new TarSplitError(`${describe(name)} is shorter than in its layer`);
      crc.update(buffer, 0, count);
      yield buffer.subarray(0, count);
      done += count;
    }
    const sum = Buffer.alloc(8);
    crc.digest(sum);
    if (sum.toString('base64') !== record.payload) throw new TarSplitError(`${describe(name)} has changed`);
  } finally {
    closeSync(fd);
  }
}

function describe(name: string): string {
  return JSON.stringify(Buffer.from(name, 'latin1').toString());
}

/**
 * Opens names in the open directory `root`, a layer's `diff`. Links in it were chosen by whoever made the image: none leads out.
 * Throws {@link TarSplitError} for what is no regular file, and SystemError.
 */
export function openBelow(root: number): OpenContent {
  return (name) => {
    const fd = must(openInRoot(root, name), 'openat2', name);
    if (fstatSync(fd).isFile()) return fd;
    closeSync(fd);
    throw new TarSplitError(`${describe(name)} is no regular file`);
  };
}
