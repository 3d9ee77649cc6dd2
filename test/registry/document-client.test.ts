import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DocumentClient } from '../../src/registry/document-client.js';
import { RegistryError } from '../../src/registry/errors.js';

const timeouts = { connect: 1000, head: 500, idle: 500, retry: 1 };
const { signal } = new AbortController();

let answer: (request: IncomingMessage, response: ServerResponse) => void;
let asked: IncomingMessage[];
let server: Server;
let client: DocumentClient;
let base: URL;

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  client = new DocumentClient({ userAgent: 'test/1', timeouts });
});

afterEach(async () => {
  await client.close();
  server.closeAllConnections();
  server.close();
});

const get = (path: string, limit = 1000) => client.get(new URL(path, base), limit, signal);

describe('a document beside a registry', () => {
  it('is read whole', async () => {
    answer = (_, response) => response.end('content');
    expect((await get('/a?b=c'))?.toString()).toBe('content');
    expect(asked.map(({ url, headers }) => [url, headers['user-agent'], headers.authorization])).toEqual([
      ['/a?b=c', 'test/1', undefined],
    ]);
  });

  it('is none where the server has none', async () => {
    answer = (_, response) => response.writeHead(404).end('<html>');
    expect(await get('/a')).toBeUndefined();
    expect(asked).toHaveLength(1);
  });

  it('is asked for with the user and the password of its URL, but not by those it is redirected to', async () => {
    const other = createServer((request, response) =>
      response.end(request.headers.authorization ?? 'nobody'),
    );
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    answer = (request, response) =>
      request.url === '/away'
        ? response.writeHead(302, { location: `http://127.0.0.1:${port}/` }).end()
        : response.end(request.headers.authorization);
    try {
      base.username = 'me';
      base.password = 'p%40ss';
      expect((await get('/here'))?.toString()).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`);
      expect((await get('/away'))?.toString()).toBe('nobody');
    } finally {
      other.closeAllConnections();
      other.close();
    }
  });

  it('is asked for again while the server is busy', async () => {
    answer = (_, response) => (asked.length < 3 ? response.writeHead(503).end() : response.end('x'));
    expect((await get('/a'))?.toString()).toBe('x');
    answer = (_, response) => response.writeHead(500).end();
    await expect(get('/a')).rejects.toThrow('status 500 (Internal Server Error)');
    expect(asked).toHaveLength(6);
  });

  it.each<[string, (response: ServerResponse) => void, RegExp]>([
    ['says no', (response) => response.writeHead(403).end(), /^status 403 \(Forbidden\)$/],
    ['sends too much', (response) => response.end('x'.repeat(2000)), /maximum allowed size of 1000 bytes/],
    ['hangs', () => undefined, /^Get "http:\S+": .*waiting for the response/],
    ['hangs up', (response) => response.destroy(), /^Get "http:\S+": /],
    [
      'leads astray',
      (response) => response.writeHead(302, { location: 'file:///x' }).end(),
      /^Get "http:\S+": /,
    ],
  ])('is an error when the server %s', async (_, misbehave, message) => {
    answer = (_request, response) => misbehave(response);
    await expect(get('/a')).rejects.toThrow(message);
    await expect(get('/a')).rejects.toBeInstanceOf(RegistryError);
  });

  it('is not waited for by who has gone', async () => {
    answer = () => undefined;
    const gone = new AbortController();
    const getting = client.get(base, 10, gone.signal);
    setTimeout(() => gone.abort(new Error('gone')), 50);
    await expect(getting).rejects.toThrow('gone');
  });
});
