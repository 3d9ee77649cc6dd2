// Packs a directory that the service cannot read: what the ignore file leaves of it, sorted, as a tar that is sent as it is made.
import * as fs from 'node:fs';
import { relative } from 'node:path';
import { Readable } from 'node:stream';
import type { PackOptions } from 'tar-fs';
import type { IgnoreRules } from '../../src/build/ignore/ignore-rules.js';
import { CommandError } from '../errors.js';
import { payloadFrom } from '../payload.js';
import type { Payload } from '../transfer.js';

/** What tar-fs takes besides what its declarations know. */
interface AllPackOptions extends PackOptions {
  readonly fs: object;
  readonly sort: boolean;
  readonly umask: number;
}

/**
 * The tar: modes and times to the second as they are, everything root's, no sockets, pipes and devices. Reading it throws
 * {@link CommandError}.
 */
export function packContext(directory: string, rules: IgnoreRules, signal: AbortSignal): Payload {
  const options: AllPackOptions = {
    ignore: (path) => isLeftOut(path, relative(directory, path), rules),
    map: (header) => Object.assign(header, { uid: 0, gid: 0 }),
    strict: false,
    sort: true,
    umask: 0,
    fs: { ...fs, lstat: statOrFail },
  };
  return payloadFrom(
    Readable.from(packing(directory, options), { objectMode: false, highWaterMark: 0 }),
    signal,
  );
}

/**
 * It fails as soon as it is made, and must be listened to by then. Most builds need none of it. Its many small pieces, three for a
 * file, are put together: each write takes as long as a large one.
 */
async function* packing(directory: string, options: AllPackOptions): AsyncGenerator<Buffer, void> {
  const { pack } = await import('tar-fs');
  let pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of pack(directory, options) as AsyncIterable<Buffer>) {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes < writtenAtOnce) continue;
      yield Buffer.concat(pieces);
      pieces = [];
      bytes = 0;
    }
  } catch (error) {
    throw new CommandError(`the context cannot be packed: ${(error as Error).message}`, undefined, {
      cause: error,
    });
  }
  yield Buffer.concat(pieces);
}

/** Bytes. */
const writtenAtOnce = 256 * 1024;

function isLeftOut(path: string, name: string, rules: IgnoreRules): boolean {
  if (!rules.ignores(name)) return false;
  return !rules.mayHoldKept(name) || !fs.lstatSync(path).isDirectory();
}

type StatCallback = (error: Error | null, status?: fs.Stats) => void;

/** tar-fs takes a file that is not there for the end of the directory. */
function statOrFail(path: string, callback: StatCallback): void {
  fs.lstat(path, (error, status) => callback(error === null ? null : new Error(error.message), status));
}
