// The named connections of a user, and which of all that was said about a service counts.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { changeConnections, readConnections } from '../../../client/remote/connection-file.js';
import { addressOf, chooseDestination, type Choice } from '../../../client/remote/destination.js';
import { parsePlace } from '../../../client/remote/place.js';

let place: string;
let file: string;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'connections-'));
  file = join(place, 'imaged', 'connections.json');
});

afterEach(() => rm(place, { recursive: true }));

describe('the file', () => {
  it('is made with its directory, for its owner alone, and holds the first connection as the default', async () => {
    await changeConnections(file, (connections) => connections.set('a', { address: 'unix:/a' }, false));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(file, '..'))).mode & 0o777).toBe(0o700);
    const connections = await readConnections(file);
    expect([connections.names, connections.default]).toEqual([['a'], 'a']);
  });

  it('has every change of programs that change it at once', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `n${index}`);
    const add = (name: string): Promise<void> =>
      changeConnections(file, (connections) => connections.set(name, { address: 'unix:/a' }, false));
    await Promise.all(names.map(add));
    expect((await readConnections(file)).names).toEqual(names.toSorted());
  });

  it('keeps what nobody here knows', async () => {
    await changeConnections(file, (connections) => connections.set('a', { address: 'unix:/a' }, false));
    await writeFile(
      file,
      JSON.stringify({ version: 7, connections: { a: { address: 'unix:/a', color: 'red' } }, default: 'a' }),
    );
    await changeConnections(file, (connections) => {
      connections.set('a', { address: 'unix:/b' }, false);
      connections.rename('a', 'c');
    });
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
      version: 7,
      connections: { c: { address: 'unix:/b', color: 'red' } },
      default: 'c',
    });
  });

  it('has no default any more when that is removed', async () => {
    await changeConnections(file, (connections) => {
      connections.set('a', { address: 'unix:/a' }, false);
      connections.set('b', { address: 'unix:/b' }, true);
      connections.remove('b');
    });
    const connections = await readConnections(file);
    expect([connections.names, connections.default]).toEqual([['a'], undefined]);
  });

  it.each([
    ['no json', /Unexpected|not valid/],
    ['[]', /expected an object/],
    ['{"default":1}', /default: expected a name/],
    ['{"connections":[]}', /connections: expected an object/],
    ['{"connections":{"a":{}}}', /connections\.a: expected an object with an address/],
    ['{"connections":{"a":{"address":"unix:/a","tls":{"ca":1}}}}', /connections\.a\.tls: expected/],
  ])('that says %s is refused with its name', async (text, problem) => {
    const path = join(place, 'file');
    await writeFile(path, text);
    await expect(readConnections(path)).rejects.toThrow(problem);
    await expect(readConnections(path)).rejects.toThrow(path);
    await expect(changeConnections(path, () => undefined)).rejects.toThrow(problem);
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  it('that a program did not let go of when it died is changed all the same', async () => {
    await changeConnections(file, () => undefined);
    await writeFile(`${file}.lock`, '');
    const { utimes } = await import('node:fs/promises');
    await utimes(`${file}.lock`, 1, 1);
    await changeConnections(file, (connections) => connections.set('a', { address: 'unix:/a' }, false));
    expect((await readConnections(file)).names).toEqual(['a']);
  });
});

describe('the service that is meant', () => {
  const address = async (said: Partial<Choice>): Promise<string> =>
    (await chooseDestination({ usual: 'unix:/usual', file, ...said })).address;

  it('is that of --url, then --connection, then the variables, then the default, then the usual one', async () => {
    expect(await address({})).toBe('unix:/usual');
    await changeConnections(file, (connections) => {
      for (const name of ['standard', 'named', 'own'])
        connections.set(name, { address: `unix:/${name}` }, name === 'standard');
    });
    const said: Partial<Choice>[] = [
      { ownConnection: 'own' },
      { ownAddress: 'unix:/address' },
      { connection: 'named' },
      { url: 'unix:/url' },
    ];
    const chosen: string[] = [await address({})];
    for (let count = 1; count <= said.length; count += 1) {
      chosen.push(await address(Object.assign({}, ...said.slice(0, count)) as Partial<Choice>));
    }
    expect(chosen).toEqual(['unix:/standard', 'unix:/own', 'unix:/address', 'unix:/named', 'unix:/url']);
    await expect(address({ connection: 'nope' })).rejects.toThrow('"nope" destination is not defined');
  });

  it('is shown the certificate of the command line before that of its connection', async () => {
    const tls = { ca: '/ca', cert: '/cert', key: '/key' };
    await changeConnections(file, (connections) => connections.set('a', { address: 'tls:h:1', tls }, false));
    const destination = await chooseDestination({ usual: 'unix:/usual', file, tlsCa: '/other' });
    expect(destination).toEqual({ address: 'tls:h:1', tls: { ...tls, ca: '/other' } });
  });
});

it.each([
  ['host', 'ssh://host'],
  ['root@host:22/run/a', 'ssh://root@host:22/run/a'],
  ['unix:///a', 'unix:///a'],
  ['jsonrpc+tls:h:1', 'jsonrpc+tls:h:1'],
])('takes %s for %s', (text, address) => {
  expect(addressOf(text)).toBe(address);
});

it.each([
  ['a:1', { host: '', image: 'a:1' }],
  ['far::a:1', { host: 'far', image: 'a:1' }],
  ['me@far::', { host: 'me@far', image: '' }],
])('reads the place %s', (text, place) => {
  expect(parsePlace(text)).toEqual(place);
});

it.each(['::a', 'a::b::c'])('refuses the place %s', (text) => {
  expect(() => parsePlace(text)).toThrow('expected HOST::IMAGE');
});
