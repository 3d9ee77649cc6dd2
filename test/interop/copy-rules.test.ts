// What COPY and ADD do beyond buildah 1.28, and what they remember.
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';

import { DigestCache } from '../../src/build/copy/digest-cache.js';
import { CopyBench } from './support/copy-bench.js';

let bench: CopyBench | undefined;

async function make(context: string, root = ''): Promise<CopyBench> {
  bench = await CopyBench.create(context, root);
  return bench;
}

afterEach(async () => {
  await bench?.remove();
});

function paths(tree: readonly string[]): string[] {
  return tree.map((line) => (JSON.parse(line) as { readonly path: string }).path);
}

describe('copies', () => {
  it('keep set-id and sticky bits of a context', async () => {
    const { root } = await make('touch u g t; chmod 4755 u; chmod 2755 g; chmod 1755 t');
    await bench?.copy('COPY . /');
    const modes = ['u', 'g', 't'].map((name) => (lstatSync(join(root, name)).mode & 0o7777).toString(8));
    expect(modes).toEqual(['4755', '2755', '1755']);
  });

  it('keep holes, capabilities and names of one file', async () => {
    const { root } = await make(
      'truncate -s 64M hole; echo end >> hole; touch cap a; chmod 755 cap; setcap cap_net_raw+ep cap; ln a b; mkdir d; ln a d/c',
    );
    await bench?.copy('COPY . /x/');
    const hole = statSync(join(root, 'x/hole'));
    expect([hole.size, hole.blocks < 1000]).toEqual([64 * 1024 * 1024 + 4, true]);
    const inodes = ['a', 'b', 'd/c'].map((name) => statSync(join(root, 'x', name)).ino);
    expect(new Set(inodes).size).toBe(1);
    expect((await bench?.tree())?.find((line) => line.includes('"x/cap"'))).toContain('security.capability');
  });

  it('keep names of one file across several sources', async () => {
    const { root } = await make('echo x > a; ln a b');
    await bench?.copy('COPY a b /d/');
    expect(statSync(join(root, 'd/a')).ino).toBe(statSync(join(root, 'd/b')).ino);
  });

  it('leave out what --exclude says, in the directory that is copied', async () => {
    await make(
      'mkdir -p app/storage/views; touch app/a.txt app/b.md app/storage/views/x app/storage/y top.txt',
    );
    await bench?.copy('COPY --exclude=storage/views --exclude=*.txt app /app');
    await bench?.copy('COPY --exclude=**/y app/ /other/');
    expect(paths((await bench?.tree()) ?? [])).toEqual([
      'app',
      'app/b.md',
      'app/storage',
      'app/storage/y',
      'other',
      'other/a.txt',
      'other/b.md',
      'other/storage',
      'other/storage/views',
      'other/storage/views/x',
    ]);
    await expect(bench?.copy('COPY --exclude=*.txt top.txt /')).rejects.toThrow('(1 filtered out)');
  });

  it('keep the way to a source with --parents, from /./ on', async () => {
    const { root } = await make(
      'mkdir -p x/y z; chmod 750 x/y; echo 1 > x/y/f; echo 2 > z/g; touch -d 2001-01-01 x/y x',
    );
    await bench?.copy('COPY --parents x/y/f z /p/');
    await bench?.copy('COPY --parents x/./y/f /q/');
    expect(paths((await bench?.tree()) ?? [])).toEqual([
      'p',
      'p/x',
      'p/x/y',
      'p/x/y/f',
      'p/z',
      'p/z/g',
      'q',
      'q/y',
      'q/y/f',
    ]);
    const kept = statSync(join(root, 'p/x/y'));
    expect([(kept.mode & 0o777).toString(8), kept.mtime.getUTCFullYear()]).toEqual(['750', 2001]);
  });

  it('know symbolic modes', async () => {
    const { root } = await make('mkdir d; touch d/f d/x; chmod 600 d/f; chmod 700 d/x d; ln -s f d/l');
    await bench?.copy('COPY --chmod=go=u,go-w d /d/');
    expect(['f', 'x'].map((name) => (statSync(join(root, 'd', name)).mode & 0o777).toString(8))).toEqual([
      '644',
      '755',
    ]);
  });

  it('take later times back', async () => {
    const { root } = await make('mkdir d; touch -d 2001-01-01 d/old; touch d/new d');
    const request = bench?.request('COPY d /x/d');
    if (request !== undefined) await bench?.copy({ ...request, latest: 1_100_000_000 });
    expect(['old', 'new'].map((name) => statSync(join(root, 'x/d', name)).mtimeMs / 1000)).toEqual([
      978_307_200, 1_100_000_000,
    ]);
  });

  it('have owners and devices of other stages, which contexts do not', async () => {
    const { directory, root } = await make(
      'mkdir -p ../stage/d; mknod ../stage/d/zero c 1 5; chown -R 5:6 ../stage/d',
    );
    const request = bench?.request('COPY d /d');
    const stack = { lowers: [join(directory, 'stage')] };
    if (request !== undefined) {
      await bench?.copy({ ...request, parts: [{ source: { kind: 'stack', stack }, patterns: ['d'] }] });
    }
    const zero = lstatSync(join(root, 'd/zero'));
    expect([zero.isCharacterDevice(), zero.rdev, zero.uid, zero.gid]).toEqual([true, 0x105, 5, 6]);
  });

  it('give archives to whom --chown says', async () => {
    const { root } = await make('touch f; tar cf a.tar --owner=7 --group=8 f; rm f');
    await bench?.copy('ADD a.tar /a/');
    await bench?.copy('ADD --chown=3:4 a.tar /b/');
    expect(['a', 'b'].map((name) => statSync(join(root, name, 'f')).uid)).toEqual([7, 3]);
  });

  it('unpack no archive that was fetched, unless it is asked for', async () => {
    const { context, root } = await make('touch f; tar cf a.tar f; rm f');
    const request = bench?.request('ADD a.tar /d/');
    if (request === undefined) return;
    for (const unpack of [false, true]) {
      const source = { kind: 'files', directory: context, fetched: { unpack } } as const;
      await bench?.copy({ ...request, parts: [{ source, patterns: ['a.tar'] }] });
    }
    expect(readdirSync(join(root, 'd'))).toEqual(['a.tar', 'f']);
  });

  it('refuse several sources for what is no directory and has no slash', async () => {
    await make('touch a b');
    await expect(bench?.copy('COPY a b /new')).rejects.toThrow('must be a directory or end with a slash');
    // What a pattern finds is one source, whose destination is made.
    await bench?.copy('COPY * /new');
  });
});

describe('digests that are known', () => {
  const settle = 'find . -exec touch -h -d 2001-01-01 {} +; sleep 0.2';
  const line = 'COPY . /x/';

  async function cached(): Promise<{
    readonly cache: string;
    readonly fingerprint: string;
    readonly digest: string;
  }> {
    const { cache } = await make(`mkdir d; echo 1 > d/f; echo 2 > g; ${settle}`);
    const digest = (await bench?.digest(line, cache)) ?? '';
    const [fingerprint = ''] = readdirSync(join(cache, 'digests'));
    return { cache, fingerprint, digest };
  }

  it('are not computed again while nothing has changed', async () => {
    const { cache, fingerprint } = await cached();
    const planted = `dir:${'0'.repeat(64)}`;
    new DigestCache(cache).put(fingerprint, planted);
    expect(await bench?.digest(line, cache)).toBe(planted);
  });

  it('stay the same after a change of times', async () => {
    const { cache, digest } = await cached();
    utimesSync(join(bench?.context ?? '', 'd/f'), 5, 5);
    expect(await bench?.digest(line, cache)).toBe(digest);
  });

  it('are other ones after a change of content, though its time was put back', async () => {
    const { cache, digest } = await cached();
    const path = join(bench?.context ?? '', 'd/f');
    const { mtime } = statSync(path);
    writeFileSync(path, '4\n');
    utimesSync(path, mtime, mtime);
    expect(await bench?.digest(line, cache)).not.toBe(digest);
  });

  it('are not kept of what is too young to be sure of', async () => {
    const { cache, context } = await make('echo 1 > f');
    writeFileSync(join(context, 'f'), '2\n');
    await bench?.digest(line, cache);
    expect(readdirSync(cache)).toEqual([]);
  });

  it('are other ones for another owner, mode or ignore file', async () => {
    const { cache, digest } = await cached();
    const others = [
      await bench?.digest('COPY --chown=1:2 . /x/', cache),
      await bench?.digest('COPY --chmod=700 . /x/', cache),
    ];
    await bench?.ignore('g\n.dockerignore\n');
    others.push(await bench?.digest(line, cache));
    expect(new Set([digest, ...others]).size).toBe(4);
  });

  it('are found on the disk by the next thread, but not when they are damaged', async () => {
    const { cache, fingerprint, digest } = await cached();
    const text = readFileSync(join(cache, 'digests', fingerprint), 'utf8');
    expect((statSync(join(cache, 'digests', fingerprint)).mode & 0o777).toString(8)).toBe('600');
    const planted = join(cache, 'planted');
    new DigestCache(planted).put(fingerprint, `dir:${'0'.repeat(64)}`);
    const other = readFileSync(join(planted, 'digests', fingerprint), 'utf8');
    const found = async (content: string): Promise<string | undefined> => {
      // Nothing is in memory for a directory that was never used.
      const directory = mkdtempSync(join(cache, 'other-'));
      mkdirSync(join(directory, 'digests'));
      writeFileSync(join(directory, 'digests', fingerprint), content);
      return await bench?.digest(line, directory);
    };
    expect(await found(other)).toBe(`dir:${'0'.repeat(64)}`);
    for (const damaged of ['', other.replace('0', '1'), text.slice(0, 40), `dir:${'0'.repeat(64)} 0\n`]) {
      expect(await found(damaged)).toBe(digest);
    }
  });
});
