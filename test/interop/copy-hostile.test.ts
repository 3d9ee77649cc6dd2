// Nothing in a context, an archive or a root leads COPY and ADD out of the context or out of the root.
import { spawn } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';

import { AbortFlag } from '../../src/sys/abort-flag.js';
import { CopyBench } from './support/copy-bench.js';
import { ended } from './support/process.js';

let bench: CopyBench | undefined;

async function make(context: string, root = ''): Promise<CopyBench> {
  bench = await CopyBench.create(context, root);
  return bench;
}

afterEach(async () => {
  await bench?.remove();
});

/** Writes archives from lines `name type link`; regular files have the content `evil`. */
const archive = (name: string, ...entries: readonly string[]): string => `python3 - <<'END'
import tarfile, io
tar = tarfile.open('${name}', 'w')
for line in ${JSON.stringify(entries)}:
    path, kind, link = (line.split(' ') + ['', ''])[:3]
    one = tarfile.TarInfo(path)
    one.type = {'file': tarfile.REGTYPE, 'link': tarfile.SYMTYPE, 'hard': tarfile.LNKTYPE, 'dir': tarfile.DIRTYPE, 'char': tarfile.CHRTYPE, 'block': tarfile.BLKTYPE}[kind]
    one.linkname = link
    one.mode = 0o755
    if kind == 'file': one.size = 4
    tar.addfile(one, io.BytesIO(b'evil') if kind == 'file' else None)
tar.close()
END`;

describe('sources', () => {
  it.each([
    ['ln -s /etc/passwd x', 'COPY x /x'],
    ['ln -s ../../../../../../../../etc/passwd x', 'COPY x /x'],
    ['ln -s / x', 'COPY x/etc/passwd /x'],
    ['ln -s /proc/self/root x', 'COPY x/etc/passwd /x'],
    ['mkdir d; ln -s /etc d/x', 'COPY d/x/pass* /x'],
    [':', 'COPY ../../../../../../etc/passwd /x'],
    [':', 'COPY /etc/passwd /x'],
    ['ln -s x y; ln -s y x', 'COPY x /x'],
  ])('stay in the context: %s, %s', async (script, line) => {
    const { root } = await make(script);
    await expect(bench?.copy(line)).rejects.toThrow(/no such file|too many levels/);
    await expect(bench?.digest(line)).rejects.toThrow(/no such file|too many levels/);
    expect(readdirSync(root)).toEqual([]);
  });

  it('are found through links that an absolute path leads inside the context', async () => {
    const { root } = await make('mkdir -p etc; echo mine > etc/passwd; ln -s /etc/passwd x; ln -s / up');
    await bench?.copy('COPY x /a');
    await bench?.copy('COPY up/up/etc/passwd /b');
    expect([readFileSync(join(root, 'a'), 'utf8'), readFileSync(join(root, 'b'), 'utf8')]).toEqual([
      'mine\n',
      'mine\n',
    ]);
  });

  it('that are pipes are not waited for, sockets are left out, devices are refused', async () => {
    const { root } = await make(
      'mkdir d e; mkfifo d/pipe pipe; mknod e/zero c 1 5; python3 -c "import socket; socket.socket(socket.AF_UNIX).bind(\'d/socket\')"',
    );
    await bench?.copy('COPY d /d');
    await bench?.copy('COPY pipe /p/');
    expect([readdirSync(join(root, 'd')), lstatSync(join(root, 'p/pipe')).isFIFO()]).toEqual([
      ['pipe'],
      true,
    ]);
    await expect(bench?.copy('COPY e /e')).rejects.toThrow('is a device');
  });
});

describe('destinations', () => {
  it.each([
    ['ln -s / x', 'COPY f /x/y', 'y'],
    ['ln -s ../../../../../../../.. x', 'COPY f /x/y', 'y'],
    ['ln -s /a/b x', 'COPY f /x/', 'a/b/f'],
    ['mkdir d; ln -s ../../../a d/x', 'COPY f /d/x/', 'a/f'],
    [':', 'COPY f /../../../y', 'y'],
  ])('stay in the root: %s, %s', async (script, line, expected) => {
    const { root } = await make('echo text > f', script);
    await bench?.copy(line);
    expect(readFileSync(join(root, expected), 'utf8')).toBe('text\n');
  });

  it('that are files are replaced, what they are links to is not written to', async () => {
    const { root, directory } = await make(
      'echo text > f; mkdir d; echo text > d/link',
      'echo kept > ../kept; ln ../kept hard; mkdir d; ln -s ../../kept d/link',
    );
    await bench?.copy('COPY f /hard');
    await bench?.copy('COPY d /d/');
    expect(readFileSync(join(directory, 'kept'), 'utf8')).toBe('kept\n');
    expect(lstatSync(join(root, 'd/link')).isFile()).toBe(true);
  });

  it('keep directories where a file would come, and files where a directory would', async () => {
    await make('mkdir -p d/a; touch d/b f', 'mkdir -p d/b t/f; touch d/b/kept d/a');
    await expect(bench?.copy('COPY f /t/')).rejects.toThrow('cannot replace directory "/f" with a file');
    await expect(bench?.copy('COPY d /d/')).rejects.toThrow('cannot replace file "/a" with a directory');
  });
});

describe('archives', () => {
  it.each([
    ['..', archive('a.tar', '../x file'), 'climbs above the root'],
    ['.. behind a name', archive('a.tar', 'd/../../x file'), 'climbs above the root'],
    ['a link that leads nowhere', archive('a.tar', 'x hard ../../f'), 'climbs above the root'],
    ['a character device', archive('a.tar', 'x char'), 'are not unpacked'],
    ['a block device', archive('a.tar', 'x block'), 'are not unpacked'],
    ['a hard link to nothing', archive('a.tar', 'x hard y'), 'no such file'],
    ['a hard link to a directory', archive('a.tar', 'd dir', 'x hard d'), 'a hard link to a directory'],
  ])('are refused for %s', async (_, script, message) => {
    await make(script);
    await expect(bench?.copy('ADD a.tar /')).rejects.toThrow(message);
  });

  it.each([
    ['an absolute name', archive('a.tar', '/abs/x file'), 'abs/x'],
    ['a link out, then through it', archive('a.tar', 'x link ../../../outside', 'x/y file'), 'outside/y'],
    ['an absolute link, then through it', archive('a.tar', 'x link /outside', 'x/y file'), 'outside/y'],
    ['a link of a link', archive('a.tar', 'x link /', 'z link x/outside', 'z/y file'), 'outside/y'],
  ])('stay in the root with %s', async (_, script, expected) => {
    const { root, directory } = await make(`mkdir ../outside; ${script}`);
    await bench?.copy('ADD a.tar /');
    expect(readFileSync(join(root, expected), 'utf8')).toBe('evil');
    expect(readdirSync(join(directory, 'outside'))).toEqual([]);
  });

  it('do not write through links of the root that lead out', async () => {
    const { directory } = await make(
      `mkdir ../outside; ${archive('a.tar', 'x/y file', 'h hard l')}`,
      'ln -s ../../outside x; echo kept > ../outside/kept; ln -s ../../outside/kept l',
    );
    await bench?.copy('ADD a.tar /');
    expect(readdirSync(join(directory, 'outside'))).toEqual(['kept']);
    expect(readFileSync(join(directory, 'outside/kept'), 'utf8')).toBe('kept\n');
  });
});

it('stays inside while somebody swaps directories and links', async () => {
  const { context, root, directory } = await make(
    'mkdir -p ../outside/s d/s; echo secret > ../outside/s/f; echo fine > d/s/f; ln -s ../../outside/s link; ln -s "$PWD/../outside/s" absolute',
    'mkdir -p t/d; ln -s ../../outside link; ln -s "$PWD/../outside" absolute',
  );
  const swapper = spawn('python3', ['-c', swapping, context, root], { stdio: 'ignore' });
  try {
    const until = Date.now() + 5000;
    for (let round = 0; Date.now() < until; round += 1) {
      // What is swapped in the middle may fail.
      for (const line of ['COPY d /t/d/', 'COPY d/s/f /t/d/s/one', 'COPY d/s /t/d/s']) {
        await bench?.copy(line).catch(() => undefined);
        await bench?.digest(line).catch(() => undefined);
      }
    }
  } finally {
    swapper.kill('SIGKILL');
    await ended(swapper);
  }
  expect(readdirSync(join(directory, 'outside'))).toEqual(['s']);
  expect(readdirSync(join(directory, 'outside/s'))).toEqual(['f']);
  expect(readFileSync(join(directory, 'outside/s/f'), 'utf8')).toBe('secret\n');
  expect((await bench?.tree())?.filter((line) => line.includes(secretDigest))).toEqual([]);
}, 30_000);

/** SHA-256 of `secret` and a line break. */
const secretDigest = 'b37e50cedcd3e3f1ff64f4afc0422084ae694253cf399326868e07a35f4a45fb';
const swapping = `
import os, sys
context, root = sys.argv[1:]
def swap(directory, link, place):
    try: os.rename(place, place + '.away'); os.symlink(link, place); os.unlink(place); os.rename(place + '.away', place)
    except OSError: pass
while True:
    for link in ('../../outside/s', context + '/../outside/s', '/s'):
        swap(None, link, context + '/d/s')
    for link in ('../../../outside', root + '/../outside', '/'):
        swap(None, link, root + '/t/d')
`;

it('ends between files when it is told to', async () => {
  const { root } = await make('for i in $(seq 100); do echo x > f$i; done');
  const abort = new AbortFlag();
  abort.raise();
  await expect(bench?.copy('COPY . /', abort)).rejects.toThrow('aborted');
  expect(existsSync(join(root, 'f1'))).toBe(false);
});

it('says so when a file becomes shorter while it is copied', async () => {
  const { context } = await make('truncate -s 64M big');
  const shrinker = spawn('python3', ['-c', shrinking, join(context, 'big')], { stdio: 'ignore' });
  try {
    // Either it was caught in the middle, or it was whole.
    for (let round = 0; round < 20; round += 1) {
      const result = await bench?.digest('COPY big /big').catch((error: unknown) => String(error));
      expect(result).toMatch(/^file:[0-9a-f]{64}$|changed while it was read/);
    }
  } finally {
    shrinker.kill('SIGKILL');
    await ended(shrinker);
  }
});

const shrinking = `
import os, sys
while True:
    os.truncate(sys.argv[1], 0)
    os.truncate(sys.argv[1], 8 << 20)
`;

it('takes names that are not text, and directories of many files', async () => {
  const { root, context } = await make("printf x > $'a\\377'; mkdir many");
  for (let index = 0; index < 3000; index += 1) writeFileSync(join(context, 'many', `f${index}`), '');
  await bench?.copy('COPY . /');
  expect(readdirSync(join(root, 'many'))).toHaveLength(3000);
  expect(readdirSync(root, { encoding: 'latin1' })).toContain('a\xff');
});
