// The file of rules: TOML that only those can have written who may do everything anyway.
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { isRole, roles, type AccessFile, type Role, type Rule } from '../service/access-rules.js';
import { AccountError, accountNumbers, type AccountTable } from '../sys/account.js';

/** Bytes. */
const longestFile = 64 * 1024;
/** In each table. */
const mostEntries = 256;
/** The last number of 32 bits stands for nobody. */
const highestId = 2 ** 32 - 2;

/** The file cannot be used. The message is one line that names it and the key. */
export class AccessFileError extends Error {
  override readonly name = 'AccessFileError';
  readonly code = 'ACCESS_FILE';
  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(`${path}: ${problem}`, options);
  }
}

export interface AccessFileOptions {
  /** The user whose file it may be, besides root's. */
  readonly uid: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What the file says; undefined if there is none. Throws {@link AccessFileError}. */
export async function readAccessFile(
  path: string,
  { uid, environment }: AccessFileOptions,
  signal: AbortSignal,
): Promise<AccessFile | undefined> {
  const text = await readText(path, uid);
  if (text === undefined) return undefined;
  const refuse = (problem: string, options?: ErrorOptions): AccessFileError =>
    new AccessFileError(path, problem, options);
  const content = await parse(text, refuse);
  const unknown = Object.keys(content).find((key) => !keys.has(key));
  if (unknown !== undefined)
    throw refuse(`${quoted(unknown)}: there is no such key: only ${[...keys].join(', ')}`);
  const numbered = async (key: string, table: AccountTable): Promise<ReadonlyMap<number, Rule>> =>
    await byNumber(rulesIn(content, key, refuse), table, environment, refuse, signal);
  return {
    path,
    default: roleIn(content['default'] ?? 'none', 'default', refuse),
    users: await numbered('users', 'passwd'),
    groups: await numbered('groups', 'group'),
    names: rulesIn(content, 'names', refuse),
  };
}

type Refuse = (problem: string, options?: ErrorOptions) => AccessFileError;

const keys: ReadonlySet<string> = new Set(['default', 'users', 'groups', 'names']);

/** Throws {@link AccessFileError} also for what somebody else could have put there. */
async function readText(path: string, uid: number): Promise<string | undefined> {
  let file: FileHandle;
  try {
    // Nobody has to write into a pipe before this goes on.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new AccessFileError(path, message.replace(/, open.*/s, ''), { cause: error });
  }
  try {
    const status = await file.stat();
    if (!status.isFile()) throw new AccessFileError(path, 'not a file');
    // Whoever owns its directory can put another one in its place, but not one of root's.
    if (status.uid !== 0 && status.uid !== uid)
      throw new AccessFileError(
        path,
        `it belongs to user ${status.uid}: it must be root's, or user ${uid}'s`,
      );
    if ((status.mode & 0o022) !== 0)
      throw new AccessFileError(path, 'others than its owner can write to it: chmod go-w');
    const { bytesRead, buffer } = await file.read(Buffer.alloc(longestFile + 1), 0, longestFile + 1, 0);
    if (bytesRead > longestFile) throw new AccessFileError(path, `it has more than ${longestFile} bytes`);
    return new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, bytesRead));
  } catch (error) {
    if (error instanceof AccessFileError) throw error;
    throw new AccessFileError(path, (error as Error).message, { cause: error });
  } finally {
    await file.close();
  }
}

async function parse(text: string, refuse: Refuse): Promise<Record<string, unknown>> {
  // Most services have no such file.
  const { parse: parseToml } = await import('smol-toml');
  try {
    return parseToml(text);
  } catch (error) {
    const { line } = error as { readonly line?: number };
    const [problem = ''] = (error as Error).message.split('\n', 1);
    throw refuse(line === undefined ? problem : `line ${line}: ${problem}`, { cause: error });
  }
}

/** The lines of a table, as they are written. */
function rulesIn(content: Record<string, unknown>, key: string, refuse: Refuse): ReadonlyMap<string, Rule> {
  const table = Object.hasOwn(content, key) ? content[key] : {};
  if (typeof table !== 'object' || table === null || Array.isArray(table) || table instanceof Date)
    throw refuse(`${key}: expected a table, as in [${key}]`);
  const entries = Object.entries(table);
  if (entries.length > mostEntries) throw refuse(`${key}: more than ${mostEntries} entries`);
  return new Map(
    entries.map(([name, role]) => {
      const path = `${key}.${quoted(name)}`;
      if (name === '') throw refuse(`${path}: the name is empty`);
      return [name, { role: roleIn(role, path, refuse), key: path }];
    }),
  );
}

function roleIn(value: unknown, path: string, refuse: Refuse): Role {
  if (isRole(value)) return value;
  throw refuse(`${path}: expected ${roles.slice(0, -1).join(', ')} or ${roles.at(-1)}`);
}

async function byNumber(
  rules: ReadonlyMap<string, Rule>,
  table: AccountTable,
  environment: AccessFileOptions['environment'],
  refuse: Refuse,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, Rule>> {
  const names = [...rules.keys()].filter((name) => !/^\d+$/.test(name));
  let numbers: ReadonlyMap<string, number>;
  try {
    numbers = await accountNumbers(table, names, environment, signal);
  } catch (error) {
    const key = error instanceof AccountError ? rules.get(error.account)?.key : undefined;
    throw refuse(`${key ?? (table === 'group' ? 'groups' : 'users')}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const found = new Map<number, Rule>();
  for (const [name, rule] of rules) {
    const id = numbers.get(name) ?? Number(name);
    if (id > highestId) throw refuse(`${rule.key}: no user or group has this number`);
    const other = found.get(id);
    if (other !== undefined) throw refuse(`${rule.key}: the same as ${other.key}`);
    found.set(id, rule);
  }
  return found;
}

/** A key as TOML has it. */
function quoted(key: string): string {
  return /^[\w-]{1,64}$/.test(key) ? key : JSON.stringify(key.slice(0, 64));
}
