// Writes layers of the bench images: a tar, gzipped, with both digests.
import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream, type Stats } from 'node:fs';
import { lstat, readdir, readlink, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack, type Header, type Pack } from 'tar-stream';

import type { Random } from './random.js';

/** One layer as the manifest and the config name it. Sizes in bytes. */
export interface Layer {
  readonly digest: string;
  readonly size: number;
  readonly diffId: string;
  readonly diffSize: number;
  readonly entries: number;
}

/** What an entry says of itself; tar-stream fills in the rest. */
type EntryHeaders = Partial<Header> & { readonly name: string };

/** Adds entries to a tar, one at a time. */
export class LayerWriter {
  readonly #pack: Pack = pack();
  entries = 0;

  get stream(): Pack {
    return this.#pack;
  }

  async add(headers: EntryHeaders, content?: Buffer): Promise<void> {
    this.entries += 1;
    await new Promise<void>((resolve, reject) => {
      const done = (error?: Error | null): void => (error ? reject(error) : resolve());
      // Without content the size in the header must be 0, or tar-stream waits for bytes.
      this.#pack.entry({ mtime: epoch, ...headers }, content ?? Buffer.alloc(0), done);
    });
  }

  /** Adds a file of this machine under the same name. */
  async addFile(path: string, stats: Stats): Promise<void> {
    this.entries += 1;
    const headers = { name: path.slice(1), mode: stats.mode & 0o7777, mtime: stats.mtime, size: stats.size };
    const entry = this.#pack.entry(headers);
    await pipeline(createReadStream(path), entry);
  }
}

const epoch = new Date(Date.UTC(2024, 0, 1));

/** Writes what `fill` adds as a gzipped layer into an OCI layout's `blobs/sha256`. */
export async function writeLayer(
  blobs: string,
  fill: (writer: LayerWriter) => Promise<void>,
): Promise<Layer> {
  const writer = new LayerWriter();
  const plain = new Meter();
  const zipped = new Meter();
  const temporary = join(blobs, '.layer');
  const gzip = createGzip({ level: 6, chunkSize: 256 * 1024 });
  const written = pipeline(writer.stream, plain, gzip, zipped, createWriteStream(temporary));
  await fill(writer);
  writer.stream.finalize();
  await written;
  const digest = zipped.digest();
  await rename(temporary, join(blobs, digest.slice('sha256:'.length)));
  const diffId = plain.digest();
  return { digest, size: zipped.bytes, diffId, diffSize: plain.bytes, entries: writer.entries };
}

/** Passes bytes on, counting and hashing them. */
class Meter extends Transform {
  bytes = 0;
  readonly #hash: Hash = createHash('sha256');

  digest(): string {
    return `sha256:${this.#hash.digest('hex')}`;
  }

  override _transform(chunk: Buffer, _encoding: string, done: (error: null, data: Buffer) => void): void {
    this.bytes += chunk.length;
    this.#hash.update(chunk);
    done(null, chunk);
  }
}

/** About `limit` bytes of the files below a directory of this machine, in order of their names, with links. */
export async function addTree(writer: LayerWriter, directory: string, limit: number): Promise<void> {
  const seen = new Map<number, string>();
  let left = limit;
  const walk = async (path: string): Promise<void> => {
    await writer.add({ name: `${path.slice(1)}/`, type: 'directory', mode: 0o755 });
    const names = await readdir(path);
    for (const name of names.toSorted()) {
      const below = join(path, name);
      const stats = await lstat(below);
      if (left <= 0) {
        return;
      }
      if (stats.isDirectory()) {
        await walk(below);
      } else if (stats.isSymbolicLink()) {
        await writer.add({ name: below.slice(1), type: 'symlink', linkname: await readlink(below) });
      } else if (stats.isFile() && seen.has(stats.ino)) {
        await writer.add({ name: below.slice(1), type: 'link', linkname: seen.get(stats.ino) ?? '' });
      } else if (stats.isFile() && stats.size < largestFile) {
        await writer.addFile(below, stats);
        left -= stats.size;
        if (stats.nlink > 1) {
          seen.set(stats.ino, below.slice(1));
        }
      }
    }
  };
  await walk(directory);
}

/** Compilers and browsers would make the tree one of few, huge files. */
const largestFile = 12 * 1024 * 1024;

/** Small source-like files in `directories` directories of equal size, as an application's dependencies are. */
export async function addSmallFiles(
  writer: LayerWriter,
  random: Random,
  root: string,
  directories: number,
  each: number,
  largest: number,
): Promise<void> {
  for (let directory = 0; directory < directories; directory += 1) {
    const place = `${root}/package-${directory}/lib`;
    await writer.add({ name: `${place}/`, type: 'directory', mode: 0o755 });
    for (let file = 0; file < each; file += 1) {
      const content = random.text(random.below(largest));
      await writer.add({ name: `${place}/module-${file}.js`, mode: 0o644 }, content);
    }
  }
}
