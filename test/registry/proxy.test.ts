import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import type { ProxySettings } from '../../src/oci/blob.js';
import { openBlob } from '../../src/registry/index.js';
import { proxyFor } from '../../src/registry/transport/proxy.js';
import { Peers, bytesOf, failure, never, quick, sourceOf } from './support.js';
import { authority, serverCert, serverKey } from './test-certificates.js';

describe('the proxy of a request', () => {
  const proxies = { http: 'http://p:1', https: 's:2' };
  it.each<[string, ProxySettings | undefined, string | undefined]>([
    ['http://a.io/', proxies, 'http://p:1/'],
    ['https://a.io/', proxies, 'http://s:2/'],
    ['https://a.io/', { http: 'http://p:1' }, undefined],
    ['https://a.io/', undefined, undefined],
    ['https://localhost/', proxies, undefined],
    ['https://127.0.0.1:5000/', proxies, undefined],
    ['https://[::1]/', proxies, undefined],
    ['https://a.io/', { ...proxies, no: '*' }, undefined],
    ['https://a.io/', { ...proxies, no: 'b.io, a.io' }, undefined],
    ['https://x.a.io/', { ...proxies, no: 'a.io' }, undefined],
    ['https://x.a.io/', { ...proxies, no: '.a.io' }, undefined],
    ['https://a.io/', { ...proxies, no: '.a.io' }, 'http://s:2/'],
    ['https://ba.io/', { ...proxies, no: 'a.io' }, 'http://s:2/'],
    ['https://a.io:444/', { ...proxies, no: 'a.io:443' }, 'http://s:2/'],
    ['https://a.io/', { ...proxies, no: 'a.io:443' }, undefined],
    ['https://10.1.2.3/', { ...proxies, no: '10.0.0.0/8' }, undefined],
    ['https://11.1.2.3/', { ...proxies, no: '10.0.0.0/8' }, 'http://s:2/'],
    ['https://[fd00::1]/', { ...proxies, no: 'fd00::1' }, undefined],
    ['https://10.1.2.3/', { ...proxies, no: '10.0.0.0/99, nonsense/' }, 'http://s:2/'],
  ])('to %s with %j is %s', (url, settings, expected) => {
    expect(proxyFor(new URL(url), settings)?.href).toBe(expected);
  });

  it('is not passed by when it is of another kind', async () => {
    await using peers = new Peers();
    const client = peers.client({ proxies: { https: 'socks5://me:secret@10.0.0.1' } });
    const error = await failure(client.manifest(sourceOf('registry.example/app:1', false), never));
    expect(error.message).toMatch(/: proxies of the kind socks5:\/\/ are not supported$/);
    expect(error.message).not.toContain('secret');
  });
});

describe('a tunnel through a proxy', () => {
  /** A proxy that connects everything to `target`, or refuses. */
  async function startProxy(
    peers: Peers,
    target: string | undefined,
  ): Promise<{ url: string; asked: string[] }> {
    const asked: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, socket) => {
      asked.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`);
      if (target === undefined) {
        socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
        return;
      }
      const { hostname, port } = new URL(`http://${target}`);
      const onward = connect(Number(port), hostname);
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(onward).pipe(socket);
      for (const end of [socket, onward]) end.on('error', () => socket.destroy());
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    peers.defer(async () => {
      proxy.close();
    });
    return { url: `http://user:p%40ss@127.0.0.1:${(proxy.address() as AddressInfo).port}`, asked };
  }

  const blob = { kind: 'http', headers: {}, insecure: false, ca: [authority], timeouts: quick } as const;

  it('carries a blob of a host that only the proxy reaches, verified by name', async () => {
    await using peers = new Peers();
    const registry = await peers.registry({ tls: { cert: serverCert, key: serverKey } });
    const digest = registry.putBlob(Buffer.from('content'), 'app');
    const { url, asked } = await startProxy(peers, registry.host);
    // 192.0.2.1 is nowhere; the certificate is not for it.
    const place = `https://192.0.2.1:4443/v2/app/blobs/${digest}`;
    const proxies = { https: url };
    expect(await bytesOf(await openBlob({ ...blob, insecure: true, url: place, proxies }, never))).toEqual(
      Buffer.from('content'),
    );
    expect(asked).toEqual([`192.0.2.1:4443 Basic ${Buffer.from('user:p@ss').toString('base64')}`]);
    const error = await failure(openBlob({ ...blob, url: place, proxies }, never));
    expect(error).toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    expect(error.message).toContain('192.0.2.1');
  });

  it('that is refused is an error without the proxy’s password', async () => {
    await using peers = new Peers();
    const { url } = await startProxy(peers, undefined);
    const place = 'https://192.0.2.1:4443/v2/app/blobs/x';
    const error = await failure(openBlob({ ...blob, url: place, proxies: { https: url } }, never));
    expect(error.message).toContain('proxy refused to connect to 192.0.2.1:4443: status 407');
    expect(error.message).not.toContain('p@ss');
  });
});
