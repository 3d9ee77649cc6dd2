import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { removeTree } from '../../src/sys/remove-tree.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imaged-remove-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('removing a tree', () => {
  it('removes files and directories of any number and depth', async () => {
    const tree = join(directory, 'tree');
    await mkdir(join(tree, ...Array.from({ length: 50 }, (_, depth) => `d${depth}`)), { recursive: true });
    await Promise.all(Array.from({ length: 200 }, (_, file) => writeFile(join(tree, `f${file}`), 'x')));
    await removeTree(tree);
    expect(existsSync(tree)).toBe(false);
  });

  it('removes names that are not text', async () => {
    const tree = join(directory, 'tree');
    await mkdir(tree);
    await mkdir(Buffer.concat([Buffer.from(`${tree}/`), Buffer.from([0xff])]));
    await writeFile(Buffer.concat([Buffer.from(`${tree}/`), Buffer.from([0xff, 0x2f, 0xfe])]), 'x');
    await removeTree(tree);
    expect(existsSync(tree)).toBe(false);
  });

  it('removes links and not what they lead to', async () => {
    await mkdir(join(directory, 'tree'));
    await mkdir(join(directory, 'kept'));
    await writeFile(join(directory, 'kept', 'file'), 'x');
    await symlink('../kept', join(directory, 'tree', 'link'));
    await removeTree(join(directory, 'tree'));
    expect(await readdir(join(directory, 'kept'))).toEqual(['file']);
  });

  it('does not mind that there is nothing', async () => {
    await removeTree(join(directory, 'nothing'));
    expect(await readdir(directory)).toEqual([]);
  });
});
