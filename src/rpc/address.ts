// Addresses: unix:PATH[;mode=0600], unix:@NAME and tcp:HOST:PORT.

export type Address =
  | { readonly kind: 'unix'; readonly path: string; readonly mode: number }
  | { readonly kind: 'abstract'; readonly name: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

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

/** Parses an address; throws {@link AddressError}. A socket file without a mode is its owner's alone. */
export function parseAddress(text: string): Address {
  const colon = text.indexOf(':');
  const scheme = text.slice(0, Math.max(colon, 0));
  const rest = text.slice(colon + 1);
  if (scheme === 'unix') return unix(text, rest);
  if (scheme === 'tcp') return tcp(text, rest);
  throw new AddressError(text, 'expected unix:PATH, unix:@NAME or tcp:HOST:PORT');
}

function unix(text: string, rest: string): Address {
  const [path = '', ...parameters] = rest.split(';');
  if (path === '' || path === '@') throw new AddressError(text, 'the path is empty');
  if (Buffer.byteLength(path) > maxPath)
    throw new AddressError(text, `the path is longer than ${maxPath} bytes`);
  if (path.includes('\0')) throw new AddressError(text, 'the path has a NUL in it');
  if (path.startsWith('@')) return { kind: 'abstract', name: path.slice(1) };
  let mode = 0o600;
  for (const parameter of parameters) {
    const found = /^mode=([0-7]{1,4})$/.exec(parameter)?.[1];
    if (found !== undefined) mode = Number.parseInt(found, 8);
    else if (parameter.startsWith('mode=')) throw new AddressError(text, 'the mode is not octal');
  }
  return { kind: 'unix', path, mode };
}

function tcp(text: string, rest: string): Address {
  const found = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(rest);
  const host = found?.[1] ?? found?.[2];
  const port = Number(found?.[3]);
  if (host === undefined || port > 65535) throw new AddressError(text, 'expected tcp:HOST:PORT');
  return { kind: 'tcp', host, port };
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
