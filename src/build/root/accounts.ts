// Who USER and --chown name, by the files of a root that may be hostile (build.md, How RUN is run and COPY / ADD).
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { closeDescriptor, O_PATH, openInRoot } from '../../sys/files.js';
import type { Account } from './account.js';

/** What lies behind it in a file of accounts is not looked at. */
const FILE_BYTES = 4 * 1024 * 1024;
/** The highest number is the kernel's "leave it as it is". */
const HIGHEST_ID = 0xffff_fffe;

/** A user or a group that a root does not have. */
export class AccountError extends Error {
  override readonly name = 'AccountError';
  readonly code = 'UNKNOWN_ACCOUNT';
  constructor(kind: 'user' | 'group', account: string, file: string) {
    super(`unknown ${kind} ${JSON.stringify(account)}: not in ${file} of the image`);
  }
}

interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/**
 * The account that USER means, `name|uid[:group|gid]`, empty for root, in the directory `root`. A number needs no entry.
 * Throws {@link AccountError}.
 */
export function findAccount(root: number, user: string): Account {
  const { owner, group } = split(user);
  const users = readUsers(root);
  const uid = owner === '' ? 0 : parseId(owner);
  const entry = users.find((one) => (uid === undefined ? one.name === owner : one.uid === uid));
  if (uid === undefined && entry === undefined) throw new AccountError('user', owner, '/etc/passwd');
  return {
    uid: uid ?? entry?.uid ?? 0,
    gid: group === '' ? (entry?.gid ?? 0) : findGroup(root, group),
    // Whoever writes a colon has said which groups there are, though there be none behind it.
    groups: user.includes(':') || entry === undefined ? [] : groupsOf(root, entry.name),
    home: entry === undefined || entry.home === '' ? '/' : entry.home,
  };
}

/**
 * Who `--chown` gives files to, `name|uid[:group|gid]`. The group of a number alone is the same number: so the peers have it,
 * whatever the user's entry says. Throws {@link AccountError}.
 */
export function findOwner(root: number, owner: string): { readonly uid: number; readonly gid: number } {
  const { owner: user, group } = split(owner);
  if (user === '' && group === '') throw new AccountError('user', owner, '/etc/passwd');
  const uid = parseId(user);
  if (uid !== undefined && group === '') return { uid, gid: uid };
  if (uid !== undefined) return { uid, gid: findGroup(root, group) };
  return findAccount(root, owner);
}

/** The first name of each number among its users. */
export function userNames(root: number): ReadonlyMap<number, string> {
  return new Map(
    readUsers(root)
      .map(({ uid, name }) => [uid, name] as const)
      .toReversed(),
  );
}

/** The same for groups. */
export function groupNames(root: number): ReadonlyMap<number, string> {
  return new Map(
    readGroups(root)
      .map(({ gid, name }) => [gid, name] as const)
      .toReversed(),
  );
}

function split(text: string): { readonly owner: string; readonly group: string } {
  const colon = text.indexOf(':');
  return colon < 0
    ? { owner: text, group: '' }
    : { owner: text.slice(0, colon), group: text.slice(colon + 1) };
}

function findGroup(root: number, group: string): number {
  const gid = parseId(group) ?? readGroups(root).find(({ name }) => name === group)?.gid;
  if (gid === undefined) throw new AccountError('group', group, '/etc/group');
  return gid;
}

function groupsOf(root: number, user: string): number[] {
  const gids = readGroups(root).flatMap(({ gid, members }) => (members.includes(user) ? [gid] : []));
  return [...new Set(gids)];
}

function parseId(text: string): number | undefined {
  const id = /^[0-9]{1,20}$/.test(text) ? Number(text) : undefined;
  return id !== undefined && id <= HIGHEST_ID ? id : undefined;
}

function readUsers(root: number): User[] {
  return readFields(root, 'etc/passwd').flatMap(([name, , uidText = '', gidText = '', , home = '']) => {
    const uid = parseId(uidText);
    const gid = parseId(gidText);
    return name === undefined || uid === undefined || gid === undefined ? [] : [{ name, uid, gid, home }];
  });
}

function readGroups(root: number): Group[] {
  return readFields(root, 'etc/group').flatMap(([name, , gidText = '', members = '']) => {
    const gid = parseId(gidText);
    return name === undefined || gid === undefined ? [] : [{ name, gid, members: members.split(',') }];
  });
}

/** The fields of its lines; none if it is no regular file. */
function readFields(root: number, path: string): string[][] {
  // Not opened before it is known to be a file: a device of the image might notice, a pipe would wait.
  const found = openInRoot(root, path, O_PATH);
  if (found < 0) return [];
  try {
    if (!fstatSync(found).isFile()) return [];
    const text = readStart(`/proc/self/fd/${found}`);
    return text.split('\n').map((line) => line.split(':'));
  } finally {
    closeDescriptor(found);
  }
}

function readStart(path: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const bytes = Buffer.alloc(Math.min(fstatSync(fd).size, FILE_BYTES));
    let end = 0;
    for (let count = -1; end < bytes.length && count !== 0; end += count) {
      count = readSync(fd, bytes, end, bytes.length - end, end);
    }
    return bytes.toString('utf8', 0, end);
  } finally {
    closeSync(fd);
  }
}
