// A directory of image files as a tar.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TarFile } from '../../archive/tar-file.js';
import type { LayerMover } from '../transports/layer-shelf.js';

const FILE_MODE = 0o644;

/** Writes the regular files in `directory`, which has no others, to a new tar at `path`; a worker moves the bytes. */
export async function packDirectory(
  directory: string,
  path: string,
  pool: LayerMover,
  signal: AbortSignal,
): Promise<void> {
  await using tar = await TarFile.create(path, FILE_MODE);
  for (const name of (await readdir(directory)).toSorted()) {
    const file = join(directory, name);
    const { size } = await stat(file);
    const room = await tar.take({ name, size })();
    const blob = { kind: 'file', path: file, offset: 0, length: size } as const;
    const target = { kind: 'file', path: room.path, offset: room.offset } as const;
    await pool.transfer({ blob, expected: { size }, recode: 'as-is', target }, signal);
    await room.keep({ name, size });
  }
  await tar.finish();
}
