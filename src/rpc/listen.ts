// Listening sockets: bound so that nobody can connect too early, and never in place of a living one.
import { existsSync, lstatSync, unlinkSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { once } from 'node:events';
import type { Address } from './address.js';
import { AddressError, parseAddress } from './address.js';

/** Starts to listen; resolves to the address as it turned out (a port 0 is replaced). Throws {@link AddressError}. */
export async function listen(server: Server, text: string): Promise<string> {
  const address = parseAddress(text);
  try {
    if (address.kind === 'unix') await removeStale(address.path, text);
    const listening = once(server, 'listening');
    start(server, address, text);
    await listening;
  } catch (error) {
    if (error instanceof AddressError) throw error;
    throw new AddressError(text, (error as Error).message, { cause: error });
  }
  if (address.kind !== 'tcp') return text;
  const { port } = server.address() as AddressInfo;
  return `tcp:${address.host.includes(':') ? `[${address.host}]` : address.host}:${port}`;
}

/** Starts to listen on a descriptor that somebody else has bound. */
export async function listenOnDescriptor(server: Server, fd: number): Promise<void> {
  const listening = once(server, 'listening');
  server.listen({ fd });
  await listening;
}

function start(server: Server, address: Address, text: string): void {
  switch (address.kind) {
    case 'abstract':
      server.listen(`\0${address.name}`);
      break;
    case 'tcp':
      if (!isLoopback(address.host))
        throw new AddressError(text, 'not a loopback address: anybody could call');
      server.listen(address.port, address.host);
      break;
    case 'unix': {
      // The file is made by bind, within this call, with the mode it shall have: no moment in which others can connect.
      const umask = process.umask(0o777 & ~address.mode);
      try {
        server.listen(address.path);
      } finally {
        process.umask(umask);
      }
      break;
    }
  }
}

/** Removes a socket file that nobody listens on any more. */
async function removeStale(path: string, text: string): Promise<void> {
  if (!existsSync(dirname(path))) throw new AddressError(text, 'no such directory');
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new AddressError(text, 'there is a file that is no socket');
  const socket = connect(path);
  try {
    await once(socket, 'connect');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error;
    unlinkSync(path);
    return;
  } finally {
    socket.destroy();
  }
  throw new AddressError(text, 'another process listens there');
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
