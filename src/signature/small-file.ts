// Files that are read whole because they are small; one that is not is refused.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** What is no file, or larger than anybody needs. */
export class SmallFileError extends Error {
  override readonly name = 'SmallFileError';
  readonly code = 'NO_SMALL_FILE';
}

/** The content of a regular file of at most `limit` bytes. Throws {@link SmallFileError} and what the system says. */
export async function readWhole(path: string, limit: number): Promise<Buffer> {
  // A pipe in its place would be waited for without end.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new SmallFileError(`${path} is no regular file`);
    const pieces: Buffer[] = [];
    let size = 0;
    for await (const piece of file.createReadStream({ end: limit, autoClose: false })) {
      pieces.push(piece as Buffer);
      size += (piece as Buffer).length;
    }
    if (size > limit) throw new SmallFileError(`${path} has more than ${limit} bytes`);
    return Buffer.concat(pieces);
  } finally {
    await file.close();
  }
}
