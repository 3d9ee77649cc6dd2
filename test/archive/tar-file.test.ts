import { readFile, stat } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { extract } from 'tar-stream';
import { Readable } from 'node:stream';
import { writeFile } from 'node:fs/promises';
import { defaultArchiveLimits, indexStream } from '../../src/archive/archive-index.js';
import { ArchiveFile } from '../../src/archive/archive-file.js';
import type { Room } from '../../src/archive/shelf.js';
import { TarFile } from '../../src/archive/tar-file.js';
import { tarHeader } from '../../src/archive/tar-header-writer.js';
import { never, openBelow, workplace, type Workplace } from '../runtime/transports/copying.js';

let place: Workplace;

beforeEach(async () => {
  place = await workplace();
});

afterEach(async () => {
  const open = await openBelow(place.root);
  await place[Symbol.asyncDispose]();
  if (open.length > 0) throw new Error(`still open: ${open.join(' ')}`);
});

async function fill({ path, offset }: Room, content: string): Promise<void> {
  const { open } = await import('node:fs/promises');
  await using file = await open(path, 'r+');
  await file.write(content, offset);
}

/** Names and contents as another implementation reads them. */
async function membersOf(path: string): Promise<(readonly [string, string])[]> {
  const found: (readonly [string, string])[] = [];
  const parser = extract();
  Readable.from([await readFile(path)]).pipe(parser);
  for await (const entry of parser) {
    let content = '';
    for await (const chunk of entry) content += String(chunk);
    found.push([entry.header.name, content]);
  }
  return found;
}

describe('a tar that is written', () => {
  it('has its members in the order in which places were taken, whoever is faster', async () => {
    await using tar = await TarFile.create(place.path('a.tar'), 0o644);
    const first = tar.take({ name: 'first', size: 5 });
    const second = tar.take({});
    const third = tar.take({ name: 'third', size: 600 });
    const rooms = [first(), second(), third()] as const;
    const one = await rooms[0];
    const two = await rooms[1];
    await fill(two, 'of unknown size');
    await two.keep({ name: 'second', size: 15 });
    const three = await rooms[2];
    await fill(three, 'x'.repeat(600));
    await three.keep({ name: 'third', size: 600 });
    await fill(one, 'first');
    await one.keep({ name: 'first', size: 5 });
    await tar.put('last', Buffer.from('end'), never);
    await tar.finish();
    expect(await membersOf(place.path('a.tar'))).toEqual([
      ['first', 'first'],
      ['second', 'of unknown size'],
      ['third', 'x'.repeat(600)],
      ['last', 'end'],
    ]);
    expect((await stat(place.path('a.tar'))).size % 512).toBe(0);
  });

  it('refuses content of another size than its place has', async () => {
    await using tar = await TarFile.create(place.path('a.tar'), 0o644);
    const room = await tar.take({ name: 'a', size: 5 })();
    await expect(room.keep({ name: 'a', size: 6 })).rejects.toThrow('a with 6 bytes does not fit its place');
  });

  it('forgets what came after a mark', async () => {
    await using tar = await TarFile.create(place.path('a.tar'), 0o644);
    await tar.put('kept', Buffer.from('kept'), never);
    const mark = await tar.mark();
    await tar.put('forgotten', Buffer.alloc(3000, 'x'), never);
    tar.take({});
    await tar.rollBack(mark);
    await tar.put('after', Buffer.from('a'), never);
    await tar.finish();
    expect(await membersOf(place.path('a.tar'))).toEqual([
      ['kept', 'kept'],
      ['after', 'a'],
    ]);
  });

  it('ends a wait for a place when the signal does', async () => {
    await using tar = await TarFile.create(place.path('a.tar'), 0o644);
    tar.take({});
    const stop = new AbortController();
    const waiting = tar.put('waits', Buffer.from('x'), stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });

  it.each([
    ['a name of 141 bytes', `blobs/sha512/${'a'.repeat(128)}`, 3],
    ['a name of 100 bytes', 'n'.repeat(100), 3],
  ])('can have %s', async (_title, name, size) => {
    await using tar = await TarFile.create(place.path('a.tar'), 0o644);
    await tar.put(name, Buffer.alloc(size, 'x'), never);
    await tar.put('next', Buffer.from('y'), never);
    await tar.finish();
    expect(await membersOf(place.path('a.tar'))).toEqual([
      [name, 'xxx'],
      ['next', 'y'],
    ]);
  });

  it.each([8 ** 11 - 1, 8 ** 11, 2 ** 40])('can have a member of %d bytes', async (size) => {
    const header = tarHeader({ name: 'large', type: '0', mode: 0o444, size });
    expect(header).toHaveLength(512);
    await writeFile(place.path('a.tar'), header);
    // The content is missing, which is said for the right size only.
    await expect(ArchiveFile.open(place.path('a.tar'), never)).rejects.toThrow('middle of an entry');
    const { truncate } = await import('node:fs/promises');
    await truncate(place.path('a.tar'), 512 + size);
    await using archive = await ArchiveFile.open(place.path('a.tar'), never);
    expect(archive.member('large')).toMatchObject({ offset: 512, size });
  });
});

describe('documents of an archive that is compressed as a whole', () => {
  it('are kept while it is read as long as they are small', async () => {
    const limits = { ...defaultArchiveLimits, documentBytes: 1000, documentsBytes: 1500 };
    await using tar = await TarFile.create(place.path('a.tar'), 0o644);
    for (const [name, bytes] of [
      ['a', 1000],
      ['b', 1001],
      ['c', 600],
      ['d', 400],
    ] as const) {
      await tar.put(name, Buffer.from('{'.padEnd(bytes)), never);
    }
    await tar.put('e', Buffer.alloc(100, 'x'), never);
    await tar.finish();
    const index = await indexStream(Readable.from([await readFile(place.path('a.tar'))]), limits, never);
    expect([...index.values()].map(({ name, kept }) => [name, kept.length])).toEqual([
      ['a', 1000],
      ['b', 6],
      ['c', 6],
      ['d', 400],
      ['e', 6],
    ]);
  });
});
