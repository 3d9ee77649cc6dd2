// The file of rules: what it may say, and that nothing else is taken.
import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { AccessFileError, readAccessFile } from '../../src/daemon/access-file.js';
import { isRole, type AccessFile, type Rule } from '../../src/service/access-rules.js';

let directory: string;
let path: string;
const uid = process.getuid?.() ?? 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'access-file-'));
  path = join(directory, 'access.toml');
});

afterAll(async () => {
  await rm(directory, { recursive: true });
});

async function read(content: string | Uint8Array): Promise<AccessFile | undefined> {
  await writeFile(path, content, { mode: 0o644 });
  return await reread();
}

async function reread(): Promise<AccessFile | undefined> {
  return await readAccessFile(path, { uid, environment: process.env }, new AbortController().signal);
}

describe('the file of rules', () => {
  it('names users and groups of this host, by name or number, and certificates', async () => {
    const [, , daemon = ''] = execFileSync('getent', ['passwd', 'daemon'], { encoding: 'utf8' }).split(':');
    const [, , games = ''] = execFileSync('getent', ['group', 'games'], { encoding: 'utf8' }).split(':');
    const found = await read(`
      default = "read"
      [users]
      daemon = "pull"
      4294967294 = "none"
      [groups]
      games = "admin"
      77777 = "read"
      [names]
      "a b.example" = "pull"
    `);
    expect(found).toEqual({
      path,
      default: 'read',
      users: new Map([
        [Number(daemon), { role: 'pull', key: 'users.daemon' }],
        [4294967294, { role: 'none', key: 'users.4294967294' }],
      ]),
      groups: new Map([
        [Number(games), { role: 'admin', key: 'groups.games' }],
        [77777, { role: 'read', key: 'groups.77777' }],
      ]),
      names: new Map([['a b.example', { role: 'pull', key: 'names."a b.example"' }]]),
    });
  });

  it('gives nobody anything if it says nothing', async () => {
    expect(await read('')).toMatchObject({ default: 'none', users: new Map(), groups: new Map() });
  });

  it('may be missing', async () => {
    const missing = join(directory, 'missing', 'access.toml');
    const options = { uid, environment: process.env };
    expect(await readAccessFile(missing, options, new AbortController().signal)).toBeUndefined();
  });

  it.each<[string, string | Uint8Array]>([
    ['roles: there is no such key: only default, users, groups, names', 'roles = 1'],
    ['"a.b": there is no such key', '"a.b" = 1'],
    ['default: expected none, read, pull or admin', 'default = "root"'],
    ['default: expected none', 'default = 7'],
    ['users: expected a table', 'users = ["a"]'],
    ['users: expected a table', 'users = 2020-01-01T00:00:00Z'],
    ['names: expected a table', 'names = "read"'],
    ['users.daemon: expected none', '[users]\ndaemon = true'],
    ['users.__proto__: expected none', '[users]\n__proto__ = "x"'],
    ['groups."": the name is empty', '[groups]\n"" = "read"'],
    [
      'users.no-such-user: there is no user "no-such-user"',
      '[users]\ndaemon = "read"\nno-such-user = "read"',
    ],
    ['groups.no-such-group: there is no group', '[groups]\nno-such-group = "read"'],
    ['users.--help: there is no user', '[users]\n--help = "read"'],
    ['users."a\\nb": there is no user', '[users]\n"a\\nb" = "read"'],
    ['users.root: the same as users.0', '[users]\n0 = "none"\nroot = "read"'],
    ['users.007: the same as users.7', '[users]\n7 = "none"\n007 = "read"'],
    ['users.4294967295: no user or group has this number', '[users]\n4294967295 = "read"'],
    ['line 2: ', 'default = "read"\n[users'],
    ['line 3: ', '[users]\n1 = "read"\n1 = "admin"'],
    ['users: more than 256 entries', `[users]\n${lines(257)}`],
    ['it has more than 65536 bytes', '#'.repeat(65_537)],
    ['The encoded data was not valid', Buffer.from('default = "\xff"', 'latin1')],
  ])('is refused: %s', async (problem, content) => {
    const error: unknown = await read(content).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(AccessFileError);
    expect((error as Error).message).toContain(`${path}: ${problem}`);
    expect((error as Error).message).not.toContain('\n');
  });

  it('is refused if others could have written it', async () => {
    await read('');
    for (const mode of [0o664, 0o646, 0o666]) {
      await chmod(path, mode);
      await expect(reread()).rejects.toThrow(/others than its owner can write to it: chmod go-w$/);
    }
    await chmod(path, 0o640);
    expect(await reread()).toBeDefined();
    if (uid !== 0) return;
    await chown(path, 65534, 0);
    await expect(reread()).rejects.toThrow(/it belongs to user 65534: it must be root's/);
    await rm(path);
    await symlink('/etc/hostname-of-nobody', path);
    expect(await reread()).toBeUndefined();
    await rm(path);
  });

  it('is refused if it is no file, and not waited for', async () => {
    await rm(path, { force: true });
    execFileSync('mkfifo', [path]);
    await expect(reread()).rejects.toThrow(`${path}: not a file`);
    await rm(path);
    await symlink(directory, path);
    await expect(reread()).rejects.toThrow(`${path}: not a file`);
    await rm(path);
    await symlink(path, path);
    await expect(reread()).rejects.toThrow(/^\S+access\.toml: ELOOP/);
    await rm(path);
  });

  it('whatever it holds, is taken as it is meant or refused in one line', async () => {
    const role = fc.constantFrom('"none"', '"read"', '"pull"', '"admin"', '"Admin"', '1', '[]', '{}', '""');
    const key = fc.oneof(
      fc.nat(2 ** 33).map(String),
      fc.string({ maxLength: 8 }).map((text) => JSON.stringify(text)),
      fc.constantFrom('a.b', '__proto__', 'constructor', 'toString', '-'),
    );
    const line = fc.oneof(
      fc.tuple(key, role).map(([name, value]) => `${name} = ${value}`),
      fc.constantFrom(
        '[names]',
        '[users]',
        '[names.x]',
        '[[users]]',
        'default = "read"',
        '# x',
        'users.1 = "read"',
      ),
      fc.string(),
      fc.nat(300).map((depth) => `x = ${'['.repeat(depth)}`),
    );
    const check = fc.asyncProperty(fc.array(line, { maxLength: 6 }), async (lines) => {
      const found = await read(lines.join('\n')).catch((error: unknown) => error);
      if (found instanceof AccessFileError)
        // oxlint-disable-next-line no-control-regex -- what must not be there
        return /^\/[^\u0000-\u001f]*access\.toml: [^\u0000-\u001f]+$/.test(found.message);
      const { users, groups, names } = found as AccessFile;
      const isRight = (table: ReadonlyMap<unknown, Rule>): boolean =>
        [...table.values()].every(({ role }) => isRole(role));
      return isRight(users) && isRight(groups) && isRight(names);
    });
    await expect(fc.assert(check, { numRuns: 150 })).resolves.toBeUndefined();
  });
});

function lines(count: number): string {
  return Array.from({ length: count }, (_, index) => `${index} = "read"`).join('\n');
}
