// The numbers of users and groups, from wherever the system has them: files, or directories such as LDAP.
import { runProgram } from './run-program.js';

/** What the system calls its tables. */
export type AccountTable = 'passwd' | 'group';

const patience = 10_000;
/** A line of a group has all its members. Characters. */
const maxText = 4 * 1024 * 1024;

/** There is no account of this name. */
export class AccountError extends Error {
  override readonly name = 'AccountError';
  readonly code = 'NO_ACCOUNT';
  readonly account: string;
  constructor(account: string, table: AccountTable) {
    super(`there is no ${table === 'group' ? 'group' : 'user'} ${JSON.stringify(account)}`);
    this.account = account;
  }
}

/**
 * The numbers of these names, by name. The C library would be asked on the thread that serves sockets, and may wait for a network:
 * hence a program. Throws {@link AccountError} for the first that is none, and ProgramError.
 */
export async function accountNumbers(
  table: AccountTable,
  names: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const strange = names.find((name) => !/^[^-\s:,\0][^\s:,\0]{0,255}$/.test(name));
  if (strange !== undefined) throw new AccountError(strange, table);
  if (names.length === 0) return new Map();
  const options = { env, timeout: patience, maxText };
  const { output } = await runProgram('getent', [table, ...names], options, signal);
  const lines = output.split('\n').slice(0, -1);
  const found = new Map(lines.map((line) => [line.split(':', 1)[0] ?? '', numberIn(line)]));
  return new Map(
    names.map((name) => {
      const number = found.get(name);
      if (number === undefined) throw new AccountError(name, table);
      return [name, number];
    }),
  );
}

/** The third field of both tables. */
function numberIn(line: string): number | undefined {
  const [, , text = ''] = line.split(':', 3);
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
