// Files that engines keep beside a container, of which nobody says that they are what they should be.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { Fields, JsonFieldError } from '../../oci/json-fields.js';
import { parseStrictJson, StrictJsonError } from '../../oci/strict-json.js';
import { systemReason } from '../errors.js';
import { CommitError } from './container-image.js';

/** Larger ones are not what they should be. */
const MOST_BYTES = 4 * 1024 * 1024;

/** The JSON object in the file; undefined if there is no file. Throws {@link CommitError}. */
export async function readRecord(path: string): Promise<Fields | undefined> {
  try {
    // Neither a link nor a pipe, whose writer nobody waits for.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    await using file = await open(path, flags);
    const status = await file.stat();
    if (!status.isFile() || status.size > MOST_BYTES)
      throw new CommitError(`${path}: expected a file of at most ${MOST_BYTES} bytes`);
    const bytes = Buffer.alloc(status.size);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return new Fields(parseStrictJson(bytes.subarray(0, bytesRead)));
  } catch (cause) {
    if (cause instanceof CommitError) throw cause;
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable(path, cause);
  }
}

/** What `read` makes of the record in the file. Throws {@link CommitError} where it finds another type than it expects. */
export function understood<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof JsonFieldError) throw unreadable(path, cause);
    throw cause;
  }
}

function unreadable(path: string, cause: unknown): CommitError {
  const told = cause instanceof JsonFieldError || cause instanceof StrictJsonError;
  const reason = told ? cause.message : systemReason(cause);
  return new CommitError(`${path}: ${reason}`, { cause });
}
