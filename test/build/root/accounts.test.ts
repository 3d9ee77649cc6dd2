import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AccountError, findAccount, findOwner } from '../../../src/build/root/accounts.js';

const passwd = `root:x:0:0:root:/root:/bin/sh
# a line of nothing

broken:x:many:1:::
web:x:33:34:www:/srv/web:/bin/false
twin:x:33:99:second of that number:/twin:/bin/false
homeless:x:50:50:::
webber:x:77:77::/w:
`;
const group = `root:x:0:
www:x:34:
adm:x:4:web,webber
ssl:x:108:other,web
sslx:x:109:webx
again:x:108:web
`;

let root: string;
let fd: number;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'accounts-'));
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/passwd'), passwd);
  writeFileSync(join(root, 'etc/group'), group);
  fd = openSync(root, 'r');
});

afterEach(() => {
  closeSync(fd);
  rmSync(root, { recursive: true });
});

describe('findAccount', () => {
  test.each([
    ['', { uid: 0, gid: 0, groups: [], home: '/root' }],
    ['root', { uid: 0, gid: 0, groups: [], home: '/root' }],
    ['web', { uid: 33, gid: 34, groups: [4, 108], home: '/srv/web' }],
    ['33', { uid: 33, gid: 34, groups: [4, 108], home: '/srv/web' }],
    ['web:adm', { uid: 33, gid: 4, groups: [], home: '/srv/web' }],
    ['web:7', { uid: 33, gid: 7, groups: [], home: '/srv/web' }],
    ['33:www', { uid: 33, gid: 34, groups: [], home: '/srv/web' }],
    ['web:', { uid: 33, gid: 34, groups: [], home: '/srv/web' }],
    [':adm', { uid: 0, gid: 4, groups: [], home: '/root' }],
    ['1234', { uid: 1234, gid: 0, groups: [], home: '/' }],
    ['1234:56', { uid: 1234, gid: 56, groups: [], home: '/' }],
    ['twin', { uid: 33, gid: 99, groups: [], home: '/twin' }],
    ['homeless', { uid: 50, gid: 50, groups: [], home: '/' }],
  ])('finds who %j is', (user, account) => {
    expect(findAccount(fd, user)).toEqual(account);
  });

  test.each(['nobody', 'broken', 'Web', '-1', '4294967295', 'web:nogroup', 'x:x', ' web'])(
    'does not know %j',
    (user) => {
      expect(() => findAccount(fd, user)).toThrow(AccountError);
    },
  );
});

describe('findOwner', () => {
  test.each([
    ['web', { uid: 33, gid: 34 }],
    ['33', { uid: 33, gid: 33 }],
    ['33:', { uid: 33, gid: 33 }],
    ['1234', { uid: 1234, gid: 1234 }],
    ['web:adm', { uid: 33, gid: 4 }],
    ['12:13', { uid: 12, gid: 13 }],
    ['12:adm', { uid: 12, gid: 4 }],
    [':13', { uid: 0, gid: 13 }],
  ])('gives files to whom %j means', (owner, ids) => {
    expect(findOwner(fd, owner)).toMatchObject(ids);
  });

  test.each(['', ':', 'nobody', 'web:nogroup'])('refuses %j', (owner) => {
    expect(() => findOwner(fd, owner)).toThrow(AccountError);
  });
});

describe('hostile files of accounts', () => {
  const replacePasswd = (make: (path: string) => void): void => {
    rmSync(join(root, 'etc/passwd'));
    make(join(root, 'etc/passwd'));
  };

  test('a link is followed inside of the root', () => {
    writeFileSync(join(root, 'users'), 'inside:x:1:2::/in:\n');
    replacePasswd((path) => symlinkSync('/users', path));
    expect(findAccount(fd, 'inside')).toEqual({ uid: 1, gid: 2, groups: [], home: '/in' });
  });

  test('a link does not lead out of the root', () => {
    const outside = join(root, '..', `outside-${process.pid}`);
    writeFileSync(outside, 'outside:x:1:2:::\n');
    try {
      replacePasswd((path) => symlinkSync(`../../../../../../../..${outside}`, path));
      expect(() => findAccount(fd, 'outside')).toThrow(AccountError);
      rmSync(join(root, 'etc/passwd'));
      symlinkSync('/etc/passwd', join(root, 'etc/passwd'));
      expect(() => findAccount(fd, 'daemon')).toThrow(AccountError);
    } finally {
      rmSync(outside);
    }
  });

  test('a pipe, a directory and a missing file hold nobody', () => {
    replacePasswd((path) => expect(spawnSync('mkfifo', [path]).status).toBe(0));
    expect(findAccount(fd, '7').uid).toBe(7);
    expect(() => findAccount(fd, 'web')).toThrow(AccountError);
    replacePasswd((path) => mkdirSync(path, { recursive: true }));
    expect(() => findAccount(fd, 'web')).toThrow(AccountError);
    rmSync(join(root, 'etc'), { recursive: true });
    expect(findAccount(fd, '')).toEqual({ uid: 0, gid: 0, groups: [], home: '/' });
  });

  test('a line without an end costs no more than the limit', () => {
    replacePasswd((path) =>
      writeFileSync(path, `web:x:33:34::/w:\n${'x'.repeat(8 * 1024 * 1024)}\nlate:x:1:1:::\n`),
    );
    expect(findAccount(fd, 'web').uid).toBe(33);
    expect(() => findAccount(fd, 'late')).toThrow(AccountError);
  });
});
