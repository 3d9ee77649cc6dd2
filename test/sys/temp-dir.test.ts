import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { recoverTempDirs, TempDir } from '../../src/sys/temp-dir.js';

let directory: string;
let root: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imaged-temp-dir-'));
  root = join(directory, 'tempdirs');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('a directory for work in progress', () => {
  it('has the names other programs look for', async () => {
    const temporary = await TempDir.create({ path: root, fleeting: true });
    const id = basename(temporary.path).slice('temp-dir-'.length);
    expect((await readdir(root)).toSorted()).toEqual([`lock-${id}`, `temp-dir-${id}`]);
    expect((await stat(temporary.path)).mode & 0o7777).toBe(0o700);
    expect(basename(temporary.addition())).toBe('0-addition');
    expect(basename(temporary.deletion('abc'))).toBe('1-abc');
    await temporary.remove();
  });

  it('goes with all that is in it, and the root with the last one', async () => {
    const first = await TempDir.create({ path: root, fleeting: true });
    const second = await TempDir.create({ path: root, fleeting: true });
    await mkdir(join(first.addition(), 'deep'), { recursive: true });
    // A name that is not valid UTF-8.
    await writeFile(Buffer.concat([Buffer.from(`${first.path}/`), Buffer.from([0xff, 0xfe])]), 'x');
    await first.remove();
    expect(existsSync(root)).toBe(true);
    await first.remove();
    await second.remove();
    expect(existsSync(root)).toBe(false);
  });

  it('can be made and removed by many at once', async () => {
    await Promise.all(
      Array.from({ length: 30 }, async () => {
        const temporary = await TempDir.create({ path: root, fleeting: true });
        await writeFile(temporary.addition(), 'x');
        await temporary.remove();
      }),
    );
    expect(existsSync(root)).toBe(false);
  });
});

describe('recovery', () => {
  it('removes what has no owner: with a lock file or without, and lock files alone', async () => {
    await mkdir(join(root, 'temp-dir-a', '0-addition'), { recursive: true });
    await writeFile(join(root, 'lock-a'), '');
    await mkdir(join(root, 'temp-dir-b'));
    await writeFile(join(root, 'lock-c'), '');
    await recoverTempDirs({ path: root, fleeting: true });
    expect(existsSync(root)).toBe(false);
  });

  it('leaves what somebody works on', async () => {
    const temporary = await TempDir.create({ path: root, fleeting: true });
    await writeFile(temporary.addition(), 'x');
    await recoverTempDirs({ path: root, fleeting: true });
    expect(await readdir(temporary.path)).toEqual(['0-addition']);
    await temporary.remove();
  });

  it('leaves what another process holds with a POSIX lock, and takes it when that is gone', async () => {
    await mkdir(join(root, 'temp-dir-x'), { recursive: true });
    const script = `import fcntl, sys
f = open(${JSON.stringify(join(root, 'lock-x'))}, 'w')
fcntl.lockf(f, fcntl.LOCK_EX)
print('held', flush=True)
sys.stdin.read()`;
    const owner = spawn('python3', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(owner.stdout, 'data');
    await recoverTempDirs({ path: root, fleeting: true });
    expect(existsSync(join(root, 'temp-dir-x'))).toBe(true);
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    await recoverTempDirs({ path: root, fleeting: true });
    expect(existsSync(root)).toBe(false);
  });

  it('does nothing where there is nothing', async () => {
    await recoverTempDirs({ path: root, fleeting: true });
    expect(existsSync(root)).toBe(false);
  });
});
