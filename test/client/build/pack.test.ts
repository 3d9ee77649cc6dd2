// What is packed of a directory: exactly what the ignore file keeps, in one order, as it is there.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { packContext } from '../../../client/build/pack.js';
import { IgnoreRules } from '../../../src/build/ignore/ignore-rules.js';
import { parseIgnore } from '../../../src/build/ignore/parse-ignore.js';

let place: string;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'pack-'));
});

afterEach(() => rm(place, { recursive: true }));

async function packed(ignore = '', signal = new AbortController().signal): Promise<Buffer> {
  return await packedBy(new IgnoreRules(parseIgnore(ignore)), signal);
}

async function packedBy(rules: IgnoreRules, signal = new AbortController().signal): Promise<Buffer> {
  await using payload = packContext(join(place, 'context'), rules, signal);
  const pieces: Uint8Array[] = [];
  for await (const piece of payload.bytes()) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** The names in a tar, as tar tells them. */
function namesIn(tar: Buffer): string[] {
  const { stdout } = spawnSync('tar', ['-t', '--quoting-style=literal'], { input: tar, encoding: 'utf8' });
  return stdout
    .split('\n')
    .map((name) => name.replace(/\/$/, ''))
    .filter((name) => name !== '' && name !== '.');
}

function parentsOf(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

async function write(path: string, content = path): Promise<void> {
  const file = join(place, 'context', path);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, content);
}

describe('a packed context', () => {
  it('holds what there is, as it is, and belongs to root', async () => {
    await write('bin/tool');
    await write('empty', '');
    await chmod(join(place, 'context/bin/tool'), 0o4711);
    await chmod(join(place, 'context/bin'), 0o700);
    await symlink('../out of it', join(place, 'context/link'));
    await utimes(join(place, 'context/empty'), 1_500_000_000, 1_500_000_000);
    spawnSync('mkfifo', [join(place, 'context/pipe')]);
    const tar = await packed();
    expect(namesIn(tar)).toEqual(['bin', 'empty', 'link', 'bin/tool']);
    await mkdir(join(place, 'unpacked'));
    spawnSync('tar', ['-x', '-p', '-C', join(place, 'unpacked')], { input: tar });
    const unpacked = async (name: string): Promise<number> =>
      (await lstat(join(place, 'unpacked', name))).mode & 0o7777;
    expect(await unpacked('bin')).toBe(0o700);
    expect((await lstat(join(place, 'unpacked/empty'))).mtimeMs).toBe(1_500_000_000_000);
    expect(await readFile(join(place, 'unpacked/bin/tool'), 'utf8')).toBe('bin/tool');
    const { stdout } = spawnSync('tar', ['-tv', '--numeric-owner'], { input: tar, encoding: 'utf8' });
    const lines = stdout.trim().split('\n');
    expect(lines.every((line) => line.split(/\s+/)[1] === '0/0')).toBe(true);
    expect(lines.at(-1)).toMatch(/^-rws--x--x /);
    expect(stdout).toContain('link -> ../out of it');
  });

  it('is the same each time', async () => {
    for (const name of ['b', 'a', 'c/b', 'c/a', 'ä', 'A']) await write(name);
    expect((await packed()).equals(await packed())).toBe(true);
  });

  it('has long names and names of all kinds', async () => {
    const names = [
      'x'.repeat(200),
      `${'d/'.repeat(60)}${'y'.repeat(90)}`,
      'ünïcödé ☃',
      ' blank',
      'new\tline',
    ];
    for (const name of names) await write(name, 'content');
    const found = namesIn(await packed());
    for (const name of names) expect(found).toContain(name);
  });

  it('leaves out directories as a whole, but for what is taken back', async () => {
    for (const name of ['keep', 'node_modules/a/b', 'build/out', 'build/kept/file', 'build/kept2'])
      await write(name);
    expect(namesIn(await packed('node_modules\nbuild\n!build/kept')).toSorted()).toEqual([
      'build',
      'build/kept',
      'build/kept/file',
      'keep',
    ]);
  });

  it('has what the rules keep, and nothing of what they ignore', async () => {
    const part = fc.constantFrom('a', 'b', 'c', 'ab', '.x', 'log');
    const file = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => `${parts.join('/')}.f`);
    const globs = fc.constantFrom('a', 'b', '*', '**', '?', '*.f', 'a*', '[ab]', '.x', 'c.f');
    const line = fc
      .tuple(fc.boolean(), fc.array(globs, { minLength: 1, maxLength: 3 }))
      .map(([taken, parts]) => `${taken ? '!' : ''}${parts.join('/')}`);
    await fc.assert(
      fc.asyncProperty(
        fc.array(file, { minLength: 1, maxLength: 8 }),
        fc.array(line, { minLength: 1, maxLength: 4 }),
        async (files, lines) => {
          await rm(join(place, 'context'), { recursive: true, force: true });
          for (const name of files) await write(name);
          const rules = new IgnoreRules(parseIgnore(lines.join('\n')));
          const found = await readdir(join(place, 'context'), { recursive: true, withFileTypes: true });
          const kept = found
            .filter((entry) => entry.isFile())
            .map(({ parentPath, name }) => join(parentPath, name).slice(join(place, 'context/').length))
            .filter(
              (path) => !rules.ignores(path) && parentsOf(path).every((name) => rules.mayHoldKept(name)),
            );
          const sent = namesIn(await packed(lines.join('\n')));
          expect(sent.filter((name) => name.endsWith('.f')).toSorted()).toEqual(kept.toSorted());
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  it('is not half of what it was when files go away meanwhile', async () => {
    for (const name of ['first', 'last']) await write(name);
    // Rules are asked between the time a file is seen in its directory and the time it is read.
    class Removing extends IgnoreRules {
      override ignores(path: string): boolean {
        rmSync(join(place, 'context', 'last'), { force: true });
        return super.ignores(path);
      }
    }
    await expect(packedBy(new Removing([]))).rejects.toThrow('the context cannot be packed');
  });

  it('ends when it is given up', async () => {
    await write('file');
    const abort = new AbortController();
    abort.abort(new Error('given up'));
    await expect(packed('', abort.signal)).rejects.toThrow('given up');
  });
});
