// What the kernel tells of the other end of a unix socket.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { bindAbstract } from '../../src/sys/abstract-socket.js';
import { hasUnread, isGuarded, isListening, peerCredentials, peerGroups } from '../../src/sys/peer.js';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'peer-'));
});

afterEach(() => rm(directory, { recursive: true }));

/** A socket with its peer, which reads when it is told to. */
async function pair(): Promise<readonly [Socket, Socket]> {
  const server = createServer({ pauseOnConnect: true });
  await once(server.listen(join(directory, 'socket')), 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const client = connect(join(directory, 'socket'));
  const [socket] = await accepted;
  server.close();
  return [client, socket];
}

function fdOf(socket: Socket): number {
  return (socket as unknown as { readonly _handle: { readonly fd: number } })._handle.fd;
}

describe('a unix socket', () => {
  it('tells whether its peer has read what was sent', async () => {
    const [client, peer] = await pair();
    expect(hasUnread(fdOf(client))).toBe(false);
    await new Promise((resolve) => client.write('reply', resolve));
    expect(hasUnread(fdOf(client))).toBe(true);
    const [text] = (await once(peer.setEncoding('utf8').resume(), 'data')) as [string];
    expect(text).toBe('reply');
    expect(hasUnread(fdOf(client))).toBe(false);
    client.destroy();
    peer.destroy();
  });

  it('tells all groups of its peer, and that it takes rights to connect to it', async () => {
    const [client, peer] = await pair();
    const [found, guarded] = [peerGroups(fdOf(peer)), isGuarded(fdOf(peer))];
    client.destroy();
    peer.destroy();
    const [, groups = ''] = /^Groups:\t(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    expect(found).toEqual(groups.split(' ').filter(Boolean).map(Number));
    expect(guarded).toBe(true);
  });

  it.each([
    ['a name of the abstract namespace', (server: Server) => server.listen({ fd: bindAbstract(directory) })],
    ['a port', (server: Server) => server.listen(0, '127.0.0.1')],
  ])('is open to everybody at %s', async (_, listen) => {
    const server = createServer();
    await once(listen(server), 'listening');
    expect(isGuarded((server as unknown as { _handle: { fd: number } })._handle.fd)).toBe(false);
    server.close();
  });

  it('tells whose process its peer is, and that it does not listen', async () => {
    const [client, peer] = await pair();
    expect(peerCredentials(fdOf(client))).toMatchObject({ pid: process.pid, uid: process.getuid?.() });
    expect(isListening(fdOf(client))).toBe(false);
    client.destroy();
    peer.destroy();
  });
});
