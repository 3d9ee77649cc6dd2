// Listening sockets: bound so that nobody can connect too early, and never in place of a living one.
import { once } from 'node:events';
import { chmodSync, chownSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import type { BindAbstract } from './address.js';
import { AddressError, padsAbstractNames, parseAddress, unknownParameter } from './address.js';
import type { SocketTerms } from './call-context.js';
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
  /** The number of a group; rejects if there is none of that name. Without it groups are given as numbers. */
  readonly groupId?: (name: string) => Promise<number>;
}

/** What is known of callers at an address because they call there. Throws {@link AddressError}. */
export function termsOf(text: string): SocketTerms {
  const { kind, role } = parseAddress(text);
  return { address: text, guarded: kind === 'unix', ...(role !== undefined && { role }) };
}

/** Starts to listen at an address. Throws {@link AddressError}. */
export async function listen(server: Server, text: string, options: ListenOptions = {}): Promise<Listening> {
  try {
    return await start(server, text, options);
  } catch (error) {
    server.close();
    if (error instanceof AddressError) throw error;
    throw new AddressError(text, (error as Error).message, { cause: error });
  }
}

async function start(
  server: Server,
  text: string,
  { bindAbstract, groupId = numberOf }: ListenOptions,
): Promise<Listening> {
  const address = parseAddress(text);
  const unknown = unknownParameter(text);
  if (unknown !== undefined)
    throw new AddressError(text, `there is no parameter ${unknown}: only mode, group and role`);
  switch (address.kind) {
    case 'unix': {
      const { path, mode, group } = address;
      const gid = group === undefined ? undefined : await groupId(group);
      const remove = await makeSocketFile(path, text, (temporary) =>
        bindWithMode(server, temporary, mode, gid),
      );
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
      const { kind, host, port } = address;
      if (kind === 'tcp' && !isLoopback(host))
        throw new AddressError(
          text,
          'not a loopback address: anybody could call; tls: lets in who has a certificate',
        );
      await bound(server, () => server.listen({ port, host, backlog }));
      const { port: chosen } = server.address() as AddressInfo;
      const name = host.includes(':') ? `[${host}]` : host;
      return { address: `${kind}:${name}:${chosen}`, close: () => closed(server) };
    }
  }
}

/** Starts to listen on a descriptor that somebody else has bound. */
export async function listenOnDescriptor(server: Server, fd: number): Promise<Listening> {
  await bound(server, () => server.listen({ fd }));
  return { address: `descriptor ${fd}`, close: () => closed(server) };
}

/**
 * The file is made by bind, at once, with the mode it shall have: no moment in which others can connect. One that a group gets
 * is its owner's alone until it has the group.
 */
async function bindWithMode(
  server: Server,
  path: string,
  mode: number,
  gid: number | undefined,
): Promise<void> {
  await bound(server, () => {
    const umask = process.umask(0o777 & ~(gid === undefined ? mode : mode & 0o700));
    try {
      server.listen({ path, backlog });
    } finally {
      process.umask(umask);
    }
  });
  if (gid === undefined) return;
  chownSync(path, -1, gid);
  chmodSync(path, mode);
}

async function numberOf(group: string): Promise<number> {
  if (!/^\d{1,9}$/.test(group)) throw new Error(`group ${group}: expected a number`);
  return Number(group);
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
