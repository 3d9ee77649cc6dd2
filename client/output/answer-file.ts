// Files that a command writes its answer into: an id, a digest.
import { writeFile } from 'node:fs/promises';
import { CommandError, describeError } from '../errors.js';

/** Writes it as it is, without a line feed. Throws {@link CommandError}. */
export async function writeAnswer(path: string, answer: string): Promise<void> {
  try {
    await writeFile(path, answer);
  } catch (error) {
    throw new CommandError(`cannot write ${answer} to a file: ${describeError(error)}`, undefined, {
      cause: error,
    });
  }
}
