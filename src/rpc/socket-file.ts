// Socket files: made where no living one is, whoever else tries at the same time, and removed by who made them.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { linkSync, lstatSync, statSync, unlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { AddressError, maxPath } from './address.js';

/** How often, and how long, another process that takes the same place is waited for; milliseconds. */
const lockInterval = 20;
const lockPatience = 5000;

/**
 * Makes the socket file of `address`, with `bind` to listen at a path that it is given, and returns what removes it
 * again. Call that before listening ends: a place where somebody listens is taken by nobody else. Throws
 * {@link AddressError} if the place is taken.
 */
export async function makeSocketFile(
  path: string,
  address: string,
  bind: (path: string) => Promise<void>,
): Promise<() => void> {
  if (statSync(dirname(path), { throwIfNoEntry: false }) === undefined)
    throw new AddressError(address, 'no such directory');
  return await lockPlace(path, async () => {
    await removeStale(path, address);
    // Whoever has bound a path removes it at its end, and not only what it has made there: hence another one.
    const temporary = temporaryPath(path);
    await bind(temporary);
    try {
      linkSync(temporary, path);
    } finally {
      unlinkSync(temporary);
    }
    const own = lstatSync(path);
    return () => {
      const found = lstatSync(path, { throwIfNoEntry: false });
      if (found?.ino === own.ino && found.dev === own.dev) unlinkSync(path);
    };
  });
}

/** Whether somebody listens at a socket file, or at the one a link leads to; rejects where only others may ask. */
export async function isLiving(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ECONNREFUSED' || code === 'ENOENT') return false;
    throw error;
  } finally {
    socket.destroy();
  }
}

async function removeStale(path: string, address: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new AddressError(address, 'there is a file that is no socket');
  if (await isLiving(path)) throw new AddressError(address, 'another process listens there');
  unlinkSync(path);
}

/** A name beside the file that nobody else has, and no longer than a socket's may be. */
function temporaryPath(path: string): string {
  const directory = join(dirname(path), '.');
  const room = maxPath - Buffer.byteLength(directory) - 1;
  return join(directory, `.${randomBytes(8).toString('hex')}`.slice(0, room));
}

/**
 * Runs `action` while no other process does for the same path. The lock is an abstract socket: it is gone with its
 * process. Anybody could hold it, so whoever holds it for too long is not obeyed.
 */
export async function lockPlace<T>(path: string, action: () => Promise<T>): Promise<T> {
  const { dev, ino } = statSync(dirname(path));
  const place = createHash('sha256')
    .update(`${dev}:${ino}/${basename(path)}`)
    .digest('hex');
  const lock = createServer();
  try {
    for (const end = Date.now() + lockPatience; Date.now() < end; await pause(lockInterval)) {
      if (await hasBound(lock, `\0varlink-socket-file-${place}`)) break;
    }
    return await action();
  } finally {
    lock.close();
  }
}

/** Binds a server to a name; false if the name is taken. */
async function hasBound(server: ReturnType<typeof createServer>, name: string): Promise<boolean> {
  const listening = once(server, 'listening');
  server.listen(name);
  try {
    await listening;
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return false;
  }
}
