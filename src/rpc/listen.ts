// Listening sockets: bound so that nobody can connect too early, and never in place of a living one.
import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import type { BindAbstract } from './address.js';
import { AddressError, padsAbstractNames, parseAddress } from './address.js';
import { makeSocketFile } from './socket-file.js';

/** Connections that may wait to be accepted: as many as the kernel allows, since clients get an error beyond them. */
const backlog = 4096;

/** A server that listens. */
export interface Listening {
  /** Where it does, as it turned out: a port 0 is replaced. */
  readonly address: string;
  /** Lets nobody connect any more, and removes the socket file if it is still ours. Resolves when all connections have ended. */
  close(): Promise<void>;
}

export interface ListenOptions {
  /** How abstract addresses are bound; by Node itself without it, which needs version 22. */
  readonly bindAbstract?: BindAbstract;
}

/** Starts to listen at an address. Throws {@link AddressError}. */
export async function listen(
  server: Server,
  text: string,
  { bindAbstract }: ListenOptions = {},
): Promise<Listening> {
  try {
    return await start(server, text, bindAbstract);
  } catch (error) {
    server.close();
    if (error instanceof AddressError) throw error;
    throw new AddressError(text, (error as Error).message, { cause: error });
  }
}

async function start(
  server: Server,
  text: string,
  bindAbstract: BindAbstract | undefined,
): Promise<Listening> {
  const address = parseAddress(text);
  switch (address.kind) {
    case 'unix': {
      const { path, mode } = address;
      const remove = await makeSocketFile(path, text, (temporary) => bindWithMode(server, temporary, mode));
      return { address: text, close: () => closed(server, remove) };
    }
    case 'abstract':
      await bound(server, () => {
        if (bindAbstract !== undefined) server.listen({ fd: bindAbstract(address.name), backlog });
        else if (padsAbstractNames()) throw new AddressError(text, 'abstract names need Node 22');
        else server.listen({ path: `\0${address.name}`, backlog });
      });
      return { address: text, close: () => closed(server) };
    default: {
      const { host, port } = address;
      if (!isLoopback(host)) throw new AddressError(text, 'not a loopback address: anybody could call');
      await bound(server, () => server.listen({ port, host, backlog }));
      const { port: chosen } = server.address() as AddressInfo;
      const name = host.includes(':') ? `[${host}]` : host;
      return { address: `tcp:${name}:${chosen}`, close: () => closed(server) };
    }
  }
}

/** Starts to listen on a descriptor that somebody else has bound. */
export async function listenOnDescriptor(server: Server, fd: number): Promise<Listening> {
  await bound(server, () => server.listen({ fd }));
  return { address: `descriptor ${fd}`, close: () => closed(server) };
}

/** The file is made by bind, at once, with the mode it shall have: no moment in which others can connect. */
async function bindWithMode(server: Server, path: string, mode: number): Promise<void> {
  await bound(server, () => {
    const umask = process.umask(0o777 & ~mode);
    try {
      server.listen({ path, backlog });
    } finally {
      process.umask(umask);
    }
  });
}

async function bound(server: Server, start: () => void): Promise<void> {
  const listening = once(server, 'listening');
  start();
  await listening;
}

async function closed(server: Server, before?: () => void): Promise<void> {
  if (!server.listening) return;
  before?.();
  await new Promise((resolve) => server.close(resolve));
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
