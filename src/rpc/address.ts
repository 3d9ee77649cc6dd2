// Addresses: unix:PATH, unix:@NAME, tcp:HOST:PORT and tls:HOST:PORT, also as URLs, and what servers are told behind a semicolon: mode, group, role.

export type Address =
  | {
      readonly kind: 'unix';
      readonly path: string;
      readonly mode: number;
      /** The group that the socket file gets. */
      readonly group?: string;
      readonly role?: string;
    }
  | { readonly kind: 'abstract'; readonly name: string; readonly role?: string }
  | {
      /** `tls` is encrypted, and both ends show certificates. */
      readonly kind: 'tcp' | 'tls';
      readonly host: string;
      readonly port: number;
      readonly role?: string;
    };

/** A text that is no address, or one that cannot be used here. */
export class AddressError extends Error {
  override readonly name = 'AddressError';
  readonly code = 'INVALID_ADDRESS';
  constructor(address: string, problem: string, options?: ErrorOptions) {
    super(`address ${address}: ${problem}`, options);
  }
}

/** What the kernel takes, with the NUL behind a path or before an abstract name. */
export const maxPath = 107;

/**
 * Parses an address; throws {@link AddressError}. A socket file without a mode is its owner's alone, or its group's, too, if it
 * is given one.
 */
export function parseAddress(text: string): Address {
  const colon = text.indexOf(':');
  const scheme = text.slice(0, Math.max(colon, 0));
  const [rest = '', ...words] = text.slice(colon + 1).split(';');
  if (scheme === 'unix') return unix(text, pathOfUrl(text, rest), parametersOf(words));
  if (scheme === 'tcp' || scheme === 'tls')
    return { kind: scheme, ...hostAndPort(text, scheme, rest), ...roleOf(text, parametersOf(words)) };
  throw new AddressError(text, 'expected unix:PATH, unix:@NAME, tcp:HOST:PORT or tls:HOST:PORT');
}

/** The parameters of an address that a server would not heed, or undefined: what it is told must not be lost. */
export function unknownParameter(text: string): string | undefined {
  const [, ...words] = text.split(';');
  // Those with a dot are other programs' own.
  return [...parametersOf(words).keys()].find((name) => !known.has(name) && !name.includes('.'));
}

const known: ReadonlySet<string> = new Set(['mode', 'group', 'role']);

function parametersOf(words: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    words.map((word) => {
      const [name = ''] = word.split('=', 1);
      return [name, word.slice(name.length + 1)];
    }),
  );
}

function roleOf(text: string, parameters: ReadonlyMap<string, string>): { readonly role?: string } {
  const role = parameters.get('role');
  if (role === undefined) return {};
  if (role === '') throw new AddressError(text, 'the role is empty');
  return { role };
}

/** A URL has two slashes more. */
function pathOfUrl(text: string, rest: string): string {
  if (!rest.startsWith('//')) return rest;
  if (!rest.startsWith('///')) throw new AddressError(text, 'the path must be absolute: unix:///PATH');
  return rest.slice(2);
}

function unix(text: string, path: string, parameters: ReadonlyMap<string, string>): Address {
  if (path === '' || path === '@') throw new AddressError(text, 'the path is empty');
  if (Buffer.byteLength(path) > maxPath)
    throw new AddressError(text, `the path is longer than ${maxPath} bytes`);
  if (path.includes('\0')) throw new AddressError(text, 'the path has a NUL in it');
  const role = roleOf(text, parameters);
  if (path.startsWith('@')) return { kind: 'abstract', name: path.slice(1), ...role };
  const group = parameters.get('group');
  if (group === '') throw new AddressError(text, 'the group is empty');
  const mode = parameters.get('mode') ?? (group === undefined ? '0600' : '0660');
  if (!/^[0-7]{1,4}$/.test(mode)) throw new AddressError(text, 'the mode is not octal');
  return {
    kind: 'unix',
    path,
    mode: Number.parseInt(mode, 8),
    ...(group !== undefined && { group }),
    ...role,
  };
}

function hostAndPort(
  text: string,
  scheme: string,
  rest: string,
): { readonly host: string; readonly port: number } {
  const found = /^(?:\/\/)?(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]/]+)):([0-9]{1,5})\/?$/.exec(rest);
  const host = found?.[1] ?? found?.[2];
  const port = Number(found?.[3]);
  if (host === undefined || port > 65535) throw new AddressError(text, `expected ${scheme}:HOST:PORT`);
  return { host, port };
}

/** Opens a socket of the abstract namespace by native code and binds it to the name; returns its descriptor. */
export type BindAbstract = (name: string) => number;

/**
 * Whether Node fills abstract names up with NULs, so that no other program finds the socket: libuv does before its
 * version 1.48, which came with Node 22.
 */
export function padsAbstractNames(libuv: string = process.versions.uv): boolean {
  const [major = 0, minor = 0] = libuv.split('.').map(Number);
  return major === 1 && minor < 48;
}
