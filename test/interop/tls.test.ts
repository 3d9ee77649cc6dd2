// Callers over TLS: who has no good certificate gets no further, and who has one finds everything that a socket here has.
import { once } from 'node:events';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import {
  connect,
  IoImagedClient,
  IoPodmanClient,
  PermissionDenied,
  type Connection,
} from '../../client/index.js';
import { readFrame, writeFrame } from '../../src/rpc/frames.js';
import { TlsAcceptor } from '../../src/rpc/tls-acceptor.js';
import { Authority, type Certificate } from './support/authority.js';
import { Imaged } from './support/imaged.js';
import { untilExchanged } from './support/old-client.js';
import { PeerStore } from './support/peer-store.js';
import { run } from './support/process.js';

jest.setTimeout(60_000);

let store: PeerStore;
let daemon: Imaged;
let authority: Authority;
let server: Certificate;
let laptop: Certificate;
/** `tls:localhost:PORT`. */
let address: string;
let port: number;

beforeAll(async () => {
  store = await PeerStore.create();
  authority = await Authority.make(join(store.directory, 'authority'));
  server = await authority.issue('server');
  laptop = await authority.issue('laptop');
  const rules = join(store.directory, 'access.toml');
  await writeFile(rules, '[names]\nlaptop = "admin"\n');
  const files = ['--tls-cert', server.cert, '--tls-key', server.key, '--tls-client-ca', authority.cert];
  daemon = await Imaged.start(store, {
    args: ['--address', 'tls:127.0.0.1:0', ...files, '--access', rules, '--log-format', 'json'],
  });
  port = Number(/ tls:127\.0\.0\.1:(\d+)/.exec(daemon.log.text)?.[1]);
  address = `tls:localhost:${port}`;
});

afterAll(async () => {
  await untilExchanged(store.root);
  await daemon?.close();
  await store?.close();
});

async function call(certificate: Partial<Certificate>, ca = authority.cert): Promise<Connection> {
  return await connect(address, { tls: { ca, ...certificate } });
}

async function images(certificate: Partial<Certificate>): Promise<unknown> {
  await using connection = await call(certificate);
  return await new IoPodmanClient(connection).listImages({});
}

describe('a caller', () => {
  it('with a certificate of the authority is who its name says', async () => {
    expect(await images(laptop)).toEqual({ images: [] });
  });

  it('whose name no rule has may do nothing', async () => {
    await expect(images(await authority.issue('stranger'))).rejects.toThrow(PermissionDenied);
  });

  it('without a certificate gets no further, and is told why', async () => {
    await expect(images({})).rejects.toThrow(/the service has closed the connection: .*certificate required/);
  });

  it('with a certificate of another authority, or one that has expired, gets no further', async () => {
    const other = await Authority.make(join(store.directory, 'other'));
    await expect(images(await other.issue('laptop'))).rejects.toThrow(
      'the service has closed the connection',
    );
    await expect(images(await authority.issue('old', -1))).rejects.toThrow(
      'the service has closed the connection',
    );
  });

  it('refuses a service of another authority, or of another name', async () => {
    await expect(call(laptop, server.cert)).rejects.toThrow(/^connect to tls:localhost:\d+: .*certificate/);
    const byNumber = connect(`tls:127.0.0.1:${port}`, { tls: { ca: authority.cert, ...laptop } });
    await expect(byNumber).rejects.toThrow(/is not in the cert's list/);
  });

  it('that says nothing sensible is cut off, and others are served meanwhile', async () => {
    const silent = connectTcp(port, '127.0.0.1');
    const loud = connectTcp(port, '127.0.0.1');
    loud.on('error', () => undefined);
    loud.write('{"method":"io.podman.ListImages"}\0');
    loud.resume();
    await once(loud, 'close');
    expect(await images(laptop)).toEqual({ images: [] });
    silent.destroy();
  });
});

describe('a connection', () => {
  it('carries files, whole or not at all, and calls behind them', async () => {
    await using connection = await call(laptop);
    const imaged = new IoImagedClient(connection);
    const { raw, release } = await imaged.uploadUpgrade({ content: 'archive' });
    await writeFrame(raw, 'd', Buffer.alloc(3_000_000));
    await writeFrame(raw, 'e');
    expect(await readFrame(raw)).toEqual({ kind: 'e', length: 0 });
    release();
    expect(await new IoPodmanClient(connection).listImages({})).toEqual({ images: [] });
    const half = await call(laptop);
    const { raw: cut } = await new IoImagedClient(half).uploadUpgrade({ content: 'archive' });
    await writeFrame(cut, 'd', Buffer.alloc(100_000));
    await half.close();
    await connection.close();
    await untilExchanged(store.root);
  });

  it('whose caller has finished sending gets its answer', async () => {
    const socket = connectTls({
      port,
      host: 'localhost',
      allowHalfOpen: true,
      ca: await readFile(authority.cert),
      cert: await readFile(laptop.cert),
      key: await readFile(laptop.key),
    } as ConnectionOptions);
    await once(socket, 'secureConnect');
    socket.end('{"method":"io.podman.ListImages"}\0');
    let answer = '';
    for await (const bytes of socket as AsyncIterable<Buffer>) answer += bytes.toString();
    expect(answer).toBe('{"parameters":{"images":[]}}\0');
  });
});

it('shows certificates that were renewed to the next caller, and keeps those it has where the new ones are broken', async () => {
  const renewed = await Authority.make(join(store.directory, 'renewed'));
  const next = await renewed.issue('server');
  await pause(1000);
  await writeFile(server.cert, 'no certificate');
  expect(await images(laptop)).toEqual({ images: [] });
  expect(daemon.log.text).toContain('the certificates stay as they were');
  await copyFile(next.key, server.key);
  await copyFile(next.cert, server.cert);
  await pause(1000);
  await expect(images(laptop)).rejects.toThrow('certificate');
  await using connection = await call(laptop, renewed.cert);
  expect(await new IoPodmanClient(connection).listImages({})).toEqual({ images: [] });
});

it('does not start with a certificate and the key of another', async () => {
  const files = ['--tls-cert', laptop.cert, '--tls-key', server.key, '--tls-client-ca', authority.cert];
  const args = [...Imaged.arguments(store), '--address', 'tls:127.0.0.1:0', ...files];
  const { code, stderr } = await run(process.execPath, args);
  expect([code, stderr]).toEqual([1, expect.stringMatching(/--tls-cert .*key values mismatch/)]);
  await expect(
    TlsAcceptor.open({ cert: '/no/such', key: server.key, clientCa: authority.cert }, () => undefined),
  ).rejects.toThrow('--tls-cert /no/such');
});
