import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { packTree } from '../../src/archive/pack-tree.js';
import { treeInput } from '../../src/archive/tree-input.js';

let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tree-input-'));
  mkdirSync(join(root, 'many'));
  for (let file = 0; file < 300; file += 1)
    writeFileSync(join(root, 'many', `file-${file}`), 'x'.repeat(file * 40));
  // More than a piece, and a name that begins like a compressed file.
  writeFileSync(join(root, 'BZh9'), Buffer.alloc(3_000_000, 'y'));
  utimesSync(join(root, 'BZh9'), 1_600_000_000, 1_600_000_000.5);
});

afterAll(() => rmSync(root, { recursive: true }));

async function digestOf(pieces: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

describe('a tree that is read as a tar', () => {
  it('gives, piece by piece, what packing it gives', async () => {
    const hash = createHash('sha256');
    const take = (chunk: Buffer): undefined => void hash.update(chunk);
    await packTree(root, take);
    expect(await digestOf(treeInput(root))).toBe(hash.digest('hex'));
  });

  it('has whole seconds if it is asked for them', async () => {
    const fine = await digestOf(treeInput(root));
    const whole = await digestOf(treeInput(root, { wholeSeconds: true }));
    expect(whole).not.toBe(fine);
    expect(await digestOf(treeInput(root, { wholeSeconds: true }))).toBe(whole);
  });

  it('stops packing when the reader leaves or it is ended, and keeps nothing open', async () => {
    const before = descriptors();
    for await (const piece of treeInput(root)) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    const input = treeInput(root);
    const reading = (async () => {
      for await (const _ of input) input.destroy(new Error('the caller left'));
    })();
    await expect(reading).rejects.toThrow('the caller left');
    expect(descriptors()).toBe(before);
  });

  it('fails as the packing does', async () => {
    const directory = join(root, 'many', 'deep');
    mkdirSync(directory);
    writeFileSync(join(directory, '.wh.lie'), '');
    await expect(digestOf(treeInput(join(root, 'many')))).rejects.toThrow('begins with .wh.');
    rmSync(directory, { recursive: true });
    await expect(digestOf(treeInput(join(root, 'nowhere')))).rejects.toThrow('ENOENT');
  });
});
