import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { extract } from 'tar-stream';
import { packTree } from '../../src/archive/pack-tree.js';
import type { TarObserver } from '../../src/archive/tar-observer.js';
import { isRoot } from './tar-builder.js';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'imaged-tree-'));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

async function pack(options = {}): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const { bytes } = await packTree(
    root,
    (chunk) => {
      chunks.push(Buffer.from(chunk));
      return undefined;
    },
    options,
  );
  const tar = Buffer.concat(chunks);
  expect(tar).toHaveLength(bytes);
  return tar;
}

interface Member {
  readonly name: string;
  readonly type: string;
  readonly linkname: string;
  readonly mtime: Date;
  readonly content: Buffer;
}

async function members(tar: Buffer): Promise<Member[]> {
  const found: Member[] = [];
  const reader = Readable.from([tar]).pipe(extract());
  for await (const entry of reader) {
    const content: Buffer[] = [];
    for await (const piece of entry) content.push(piece as Buffer);
    found.push({ ...(entry.header as Omit<Member, 'content'>), content: Buffer.concat(content) });
  }
  return found;
}

describe('packTree', () => {
  it('packs an empty directory as the end of a tar', async () => {
    expect(await pack()).toEqual(Buffer.alloc(1024));
  });

  it('sorts names by their bytes, a directory before what is in it', async () => {
    for (const name of ['b', 'a', 'a/z', 'a/y']) mkdirSync(join(root, name), { recursive: true });
    for (const name of ['a.b', 'a/x', 'B', 'ä', 'b/1']) writeFileSync(join(root, name), name);
    const names = (await members(await pack())).map(({ name }) => name);
    expect(names).toEqual(['B', 'a/', 'a/x', 'a/y/', 'a/z/', 'a.b', 'b/', 'b/1', 'ä']);
  });

  it('keeps contents of every size, and the further names of a file', async () => {
    const sizes = [0, 1, 511, 512, 513, 256 * 1024 - 512, 256 * 1024, 256 * 1024 + 1, 1_000_003];
    const content = (size: number): Buffer => Buffer.alloc(size, `${size} `);
    for (const size of sizes) writeFileSync(join(root, `f${size}`), content(size));
    linkSync(join(root, 'f513'), join(root, 'z1'));
    linkSync(join(root, 'f513'), join(root, 'z2'));
    symlinkSync('somewhere', join(root, 'link'));
    const found = await members(await pack());
    for (const size of sizes) {
      const one = found.find(({ name }) => name === `f${size}`);
      expect(one?.content.equals(content(size))).toBe(true);
    }
    const others = found.filter(({ type }) => type !== 'file');
    expect(others.map(({ name, type, linkname }) => ({ name, type, linkname }))).toEqual([
      { name: 'link', type: 'symlink', linkname: 'somewhere' },
      { name: 'z1', type: 'link', linkname: 'f513' },
      { name: 'z2', type: 'link', linkname: 'f513' },
    ]);
  });

  it('comes back from depths in which it holds nothing above open', async () => {
    const expected: string[] = [];
    let path = '';
    const behind: string[] = [];
    for (let depth = 0; depth < 150; depth += 1) {
      path += 'd/';
      mkdirSync(join(root, path));
      writeFileSync(join(root, path, 'z'), '');
      expected.push(path);
      behind.unshift(`${path}z`);
    }
    const open = readdirSync('/proc/self/fd').length;
    const names = (await members(await pack())).map(({ name }) => name);
    expect(names).toEqual([...expected, ...behind]);
    expect(readdirSync('/proc/self/fd')).toHaveLength(open);
  });

  it('gives the same bytes for the same files, whatever order they were made in', async () => {
    const digests: string[] = [];
    for (const names of [
      ['a', 'b', 'c'],
      ['c', 'a', 'b'],
    ]) {
      for (const name of names) writeFileSync(join(root, name), name);
      symlinkSync('a', join(root, 'l'));
      for (const name of names) utimesSync(join(root, name), 1, 1_600_000_000.5);
      lutimesSync(join(root, 'l'), 1, 1_600_000_000);
      digests.push(
        createHash('sha256')
          .update(await pack())
          .digest('hex'),
      );
      for (const name of [...names, 'l']) rmSync(join(root, name));
    }
    expect(digests[0]).toBe(digests[1]);
  });

  it('tells an observer every byte once, and waits for whoever takes the chunks', async () => {
    for (let file = 0; file < 50; file += 1)
      writeFileSync(join(root, `f${file}`), Buffer.alloc(100_000, file));
    let seen = 0;
    const entries: string[] = [];
    const add = (_: Buffer, start: number, end: number): void => {
      seen += end - start;
    };
    let taken = 0;
    let most = 0;
    let waiting = 0;
    const { bytes } = await packTree(
      root,
      async (chunk) => {
        waiting += 1;
        most = Math.max(most, waiting);
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
        taken += chunk.length;
        waiting -= 1;
      },
      { observer: { raw: add, content: add, entry: (name) => entries.push(name), end: () => undefined } },
    );
    expect({ seen, taken }).toEqual({ seen: bytes, taken: bytes });
    expect(entries).toHaveLength(50);
    expect(most).toBeLessThanOrEqual(2);
  });

  it('leaves alone what it does not adopt', async () => {
    writeFileSync(join(root, 'late'), '');
    const [late] = await members(await pack({ latest: 1000 }));
    expect(late?.mtime).toEqual(new Date(1_000_000));
    const [again] = await members(await pack());
    expect(again?.mtime.getTime()).toBeGreaterThan(1_600_000_000_000);
  });
});

describe('a tree that is changed while it is packed', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];

  /** Changes the tree when the header of `a` has been written: the names behind it are read already. */
  function whileItIsPacked(change: () => void): { readonly observer: TarObserver } {
    const ignore = (): void => undefined;
    const entry = (name: string): void => {
      if (name === 'a') change();
    };
    return { observer: { raw: ignore, content: ignore, end: ignore, entry } };
  }

  function change(): void {
    for (const name of ['b', 'c', 'd']) rmSync(join(root, name), { recursive: true });
    mkdirSync(join(root, 'c'));
    symlinkSync('/etc/passwd', join(root, 'd'));
    truncateSync(join(root, 'a'), 3);
    writeFileSync(join(root, 'f'), 'longer than before');
  }

  beforeEach(() => {
    for (const name of names) writeFileSync(join(root, name), name.repeat(10));
  });

  it('is an error where nobody said that it lives', async () => {
    await expect(pack(whileItIsPacked(() => rmSync(join(root, 'b'))))).rejects.toThrow('ENOENT');
    await expect(pack(whileItIsPacked(() => truncateSync(join(root, 'a'), 3)))).rejects.toThrow(
      'it became shorter',
    );
  });

  it('gives what is there, whole members and nothing that a link leads to', async () => {
    const found = await members(await pack({ lives: true, ...whileItIsPacked(change) }));
    expect(found.map(({ name, type, content }) => [name, type, content.toString()])).toEqual([
      ['a', 'file', `aaa${'\0'.repeat(7)}`],
      ['c/', 'directory', ''],
      ['d', 'symlink', ''],
      ['e', 'file', 'e'.repeat(10)],
      ['f', 'file', 'longer than before'],
    ]);
  });
});

(isRoot ? describe : describe.skip)('an upper directory whose content is elsewhere', () => {
  it.each(['metacopy', 'redirect'])('is refused: a tar of it would lack that (%s)', async (note) => {
    writeFileSync(join(root, 'file'), '');
    const program = 'import os, sys; os.setxattr(sys.argv[1], sys.argv[2], b"y")';
    execFileSync('python3', ['-c', program, join(root, 'file'), `trusted.overlay.${note}`]);
    await expect(pack()).rejects.toThrow(`its content is in a layer below (trusted.overlay.${note})`);
  });
});
