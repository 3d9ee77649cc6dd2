// The options that say who may do what.
import { AddressError, parseAddress, type Address } from '../rpc/address.js';
import { isRole, roles } from '../service/access-rules.js';
import { UsageError } from './usage-error.js';

/** What `parseArgs` found; absent is the default. */
export interface AccessFlags {
  readonly access?: string | undefined;
  readonly group?: string | undefined;
  readonly 'read-only'?: readonly string[] | undefined;
}

export const accessFlags = {
  access: { type: 'string' },
  group: { type: 'string' },
  'read-only': { type: 'string', multiple: true },
} as const;

export const accessUsage = `  --read-only ADDR         listen here for varlink, too, for callers who may only read: as ADDR;role=read (repeatable)
  --group NAME             give the socket files that imaged makes to this group, with the mode 0660 where none is said
  --access FILE            who may do what; read again at SIGHUP (default: /etc/imaged/access.toml for root,
                           $XDG_CONFIG_HOME/imaged/access.toml otherwise, if it is there)
`;

/** The file of rules. */
export interface AccessPlace {
  readonly path: string;
  /** It was asked for; another may be missing. */
  readonly required: boolean;
}

/** Where the rules are; undefined where there is no place for them. */
export function accessPlace(
  { access }: AccessFlags,
  environment: Readonly<Record<string, string | undefined>>,
  uid: number,
): AccessPlace | undefined {
  if (access !== undefined) return { path: access, required: true };
  if (uid === 0) return { path: '/etc/imaged/access.toml', required: false };
  const { XDG_CONFIG_HOME: config = '', HOME: home = '' } = environment;
  const directory = config.startsWith('/') ? config : home.startsWith('/') ? `${home}/.config` : undefined;
  return directory === undefined ? undefined : { path: `${directory}/imaged/access.toml`, required: false };
}

/** The addresses of sockets for reading. Throws {@link UsageError}. */
export function readOnlyAddresses(flags: AccessFlags): readonly string[] {
  return (flags['read-only'] ?? []).map((text) => {
    if (parsed(text).role !== undefined)
      throw new UsageError(`--read-only ${text}: its role is read; give another with --address`);
    return `${text};role=read`;
  });
}

/** An address with the group of `--group`, if it is one of a socket file that has no other. Throws {@link UsageError}. */
export function withGroup(text: string, { group }: AccessFlags): string {
  const address = parsed(text);
  if (group === undefined || address.kind !== 'unix' || address.group !== undefined) return text;
  if (!/^[^;\s]+$/.test(group)) throw new UsageError(`--group ${group}: expected the name of a group`);
  return `${text};group=${group}`;
}

/** What two addresses have in common that cannot both be listened at. Throws {@link UsageError}. */
export function placeOf(text: string): string {
  const address = parsed(text);
  const { mode: _, group: __, role, ...place } = { mode: 0, group: '', ...address };
  if (role !== undefined && (!isRole(role) || role === 'none'))
    throw new UsageError(`address ${text}: role: expected ${roles.slice(1).join(', ')}`);
  return JSON.stringify(place);
}

function parsed(text: string): Address {
  try {
    return parseAddress(text);
  } catch (error) {
    if (error instanceof AddressError) throw new UsageError(error.message);
    throw error;
  }
}
