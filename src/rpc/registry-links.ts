// The directory in which clients find the socket of an interface by its name (varlink.md §10).
import { lstatSync, mkdirSync, readlinkSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isLiving, lockPlace } from './socket-file.js';

/** A link could not be made. The message names it. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly code = 'REGISTRY';
}

/**
 * Makes a link to the socket file `socket` for each interface and returns what removes those that are still ours. The
 * directory is made if it is missing. A link to a socket that nobody listens on is replaced. Throws
 * {@link RegistryError} where another service is found, and leaves no link behind then.
 */
export async function linkInterfaces(
  directory: string,
  interfaces: readonly string[],
  socket: string,
): Promise<() => void> {
  const target = resolve(socket);
  const made: string[] = [];
  const remove = (): void => {
    for (const link of made.splice(0)) if (targetOf(link) === target) unlinkSync(link);
  };
  try {
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    for (const name of interfaces) {
      const link = join(directory, name);
      await lockPlace(link, () => makeLink(link, target));
      made.push(link);
    }
    return remove;
  } catch (error) {
    remove();
    if (error instanceof RegistryError) throw error;
    throw new RegistryError(`registry ${directory}: ${(error as Error).message}`, { cause: error });
  }
}

async function makeLink(link: string, target: string): Promise<void> {
  const found = lstatSync(link, { throwIfNoEntry: false });
  if (found === undefined) {
    symlinkSync(target, link);
    return;
  }
  // One that a predecessor of ours has left.
  if (targetOf(link) === target) return;
  if (!found.isSymbolicLink() && !found.isSocket())
    throw new RegistryError(`registry link ${link}: there is a file that is no socket`);
  if (await isLiving(link)) throw new RegistryError(`registry link ${link}: another service answers there`);
  const temporary = `${link}.${process.pid}`;
  symlinkSync(target, temporary);
  renameSync(temporary, link);
}

function targetOf(link: string): string | undefined {
  const isLink = lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  return isLink ? readlinkSync(link) : undefined;
}
