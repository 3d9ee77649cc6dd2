// Links by which a service is found.
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { Server } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { listen } from '../../src/rpc/listen.js';
import { linkInterfaces, RegistryError } from '../../src/rpc/registry-links.js';
import { isLiving } from '../../src/rpc/socket-file.js';

describe('linkInterfaces', () => {
  let directory: string;
  let registry: string;
  let path: string;
  const servers: Server[] = [];

  async function serve(place: string): Promise<void> {
    const server = createServer((socket) => socket.destroy());
    servers.push(server);
    await listen(server, `unix:${place}`);
  }

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'links-'));
    registry = join(directory, 'varlink', 'registry');
    path = join(directory, 'socket');
    await serve(path);
  });

  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
    rmSync(directory, { recursive: true });
  });

  it('leads to the socket by the name of each interface, and is undone', async () => {
    const remove = await linkInterfaces(registry, ['a.b', 'c.d'], path);
    expect(readdirSync(registry).toSorted()).toEqual(['a.b', 'c.d']);
    expect(await isLiving(join(registry, 'c.d'))).toBe(true);
    remove();
    expect(readdirSync(registry)).toEqual([]);
    expect(existsSync(path)).toBe(true);
  });

  it('replaces a link that leads nowhere, and keeps one of its own', async () => {
    await linkInterfaces(registry, ['a.b'], join(directory, 'gone'));
    await linkInterfaces(registry, ['c.d'], path);
    const remove = await linkInterfaces(registry, ['a.b', 'c.d'], path);
    expect(readlinkSync(join(registry, 'a.b'))).toBe(path);
    remove();
    expect(readdirSync(registry)).toEqual([]);
  });

  it('leaves a living service alone, and nothing behind', async () => {
    const other = join(directory, 'other');
    await serve(other);
    await linkInterfaces(registry, ['c.d'], other);
    const refused = linkInterfaces(registry, ['a.b', 'c.d'], path);
    await expect(refused).rejects.toThrow(RegistryError);
    await expect(refused).rejects.toThrow(`${registry}/c.d: another service answers there`);
    expect(readdirSync(registry)).toEqual(['c.d']);
    expect(readlinkSync(join(registry, 'c.d'))).toBe(other);
  });

  it('leaves a link alone that leads to another service by now', async () => {
    const remove = await linkInterfaces(registry, ['a.b'], path);
    rmSync(join(registry, 'a.b'));
    symlinkSync('/elsewhere', join(registry, 'a.b'));
    remove();
    expect(readlinkSync(join(registry, 'a.b'))).toBe('/elsewhere');
  });

  it('does not touch a file that is no socket', async () => {
    await linkInterfaces(registry, [], path);
    writeFileSync(join(registry, 'a.b'), 'precious');
    await expect(linkInterfaces(registry, ['a.b'], path)).rejects.toThrow('a file that is no socket');
  });

  it('says where it could not make one', async () => {
    writeFileSync(join(directory, 'varlink'), '');
    await expect(linkInterfaces(registry, ['a.b'], path)).rejects.toThrow(`registry ${registry}: `);
  });
});
