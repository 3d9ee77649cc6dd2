// The names of owners that the peers write into their tars: as a program finds them whose root is that of the source.
import { existsSync, readFileSync } from 'node:fs';
import { byteString } from '../../sys/files.js';
import { groupNames, userNames } from '../root/accounts.js';

const NOBODY = 65534;

export interface OwnerLookup {
  user(uid: number): string;
  group(gid: number): string;
}

/** Where the result must not depend on who has the sources, and on which machine. */
export const noNames: OwnerLookup = { user: () => '', group: () => '' };

/** Names of one source's owners, latin1, empty for those without. */
export class OwnerNames implements OwnerLookup {
  readonly #users: ReadonlyMap<number, string>;
  readonly #groups: ReadonlyMap<number, string>;

  constructor(root: number) {
    this.#users = userNames(root);
    this.#groups = groupNames(root);
  }

  user(uid: number): string {
    return byteString(this.#users.get(uid) ?? synthesized('passwd').get(uid) ?? '');
  }

  group(gid: number): string {
    return byteString(this.#groups.get(gid) ?? synthesized('group').get(gid) ?? '');
  }
}

type Database = 'passwd' | 'group';
const found = new Map<Database, ReadonlyMap<number, string>>();
const SWITCH = '/etc/nsswitch.conf';

/** What the host's name service makes up where the files have nothing: it goes with the program into its new root. */
function synthesized(database: Database): ReadonlyMap<number, string> {
  let names = found.get(database);
  if (names === undefined) {
    names = usesSystemd(database)
      ? new Map([
          [0, 'root'],
          [NOBODY, database === 'passwd' ? 'nobody' : 'nogroup'],
        ])
      : new Map<number, string>();
    found.set(database, names);
  }
  return names;
}

function usesSystemd(database: Database): boolean {
  if (!existsSync(SWITCH)) return false;
  const lines = readFileSync(SWITCH, 'utf8').split('\n');
  return lines.some((line) => new RegExp(`^${database}:[^#]*\\bsystemd\\b`).test(line));
}
