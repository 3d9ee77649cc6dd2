// Packs a directory that the service cannot read: what the ignore file leaves of it, sorted, as a tar on this host's disk.
import * as fs from 'node:fs';
import { relative } from 'node:path';
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
 * The tar: modes and times to the second as they are, everything root's, no sockets, pipes and devices. Its length must
 * be known before it is sent, so it is made first and sent then. Throws {@link CommandError}.
 */
export async function packContext(
  directory: string,
  rules: IgnoreRules,
  signal: AbortSignal,
): Promise<Payload> {
  const options: AllPackOptions = {
    ignore: (path) => isLeftOut(path, relative(directory, path), rules),
    map: (header) => Object.assign(header, { uid: 0, gid: 0 }),
    strict: false,
    sort: true,
    umask: 0,
    fs: { ...fs, lstat: statOrFail },
  };
  try {
    return await payloadFrom(packing(directory, options), signal);
  } catch (error) {
    signal.throwIfAborted();
    throw new CommandError(`the context cannot be packed: ${(error as Error).message}`, undefined, {
      cause: error,
    });
  }
}

/**
 * It fails as soon as it is made, and must be listened to by then. Most builds need none of it. Its many small pieces, three for a
 * file, are put together: each write takes as long as a large one.
 */
async function* packing(directory: string, options: AllPackOptions): AsyncGenerator<Buffer, void> {
  const { pack } = await import('tar-fs');
  let pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of pack(directory, options) as AsyncIterable<Buffer>) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes < writtenAtOnce) continue;
    yield Buffer.concat(pieces);
    pieces = [];
    bytes = 0;
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
