// The keys a requirement trusts, as bytes.
import { SignatureRefusedError } from './errors.js';
import type { KeySource } from './policy.js';
import { readWhole } from './small-file.js';

/** Bytes of one file with keys at most: whole rings of organisations fit. */
const maxKeyBytes = 8 * 1024 * 1024;

/** Throws {@link SignatureRefusedError} when a file cannot be read: with fewer keys than were meant nothing is accepted. */
export async function trustedKeys(source: KeySource): Promise<readonly Buffer[]> {
  if ('data' in source) return source.data;
  const keys: Buffer[] = [];
  for (const path of source.paths) keys.push(await read(path));
  return keys;
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readWhole(path, maxKeyBytes);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = missing ? 'no such file or directory' : (cause as Error).message;
    throw new SignatureRefusedError(`open ${path}: ${reason}`, { cause });
  }
}
