// The addresses that only a client can use: programs that are started for the connection, here or on another host.
import type { Address } from './address.js';
import { AddressError, parseAddress } from './address.js';

/** A program that is at the other end of the connection. */
export interface ProgramAddress {
  readonly kind: 'program';
  /** The program and its arguments. */
  readonly command: readonly [string, ...string[]];
  /** Whether it gets a connected socket as a service manager passes it, or as its standard input and output. */
  readonly passing: 'descriptor' | 'stdio';
}

export interface ClientAddressOptions {
  /**
   * What `ssh:` addresses run on the other host: it takes `--connect ADDRESS` and forwards what comes on its standard
   * input. `varlink bridge` by default.
   */
  readonly bridge?: readonly string[];
  /** What ssh is told besides the host: an identity file, a connection to share. */
  readonly sshOptions?: readonly string[];
}

/** [user@]host as ssh takes it and nothing that ssh would take for an option or a shell for a command. */
const destination = /^(?:(?:\w[\w.+-]*@)?(?:\w[\w.-]*|\[[0-9A-Fa-f:.]+(?:%\w+)?\]))$/;

/**
 * Parses what {@link parseAddress} does, and
 * - `exec:COMMAND`: the service itself, which is passed a connected socket as descriptor 3 (varlink.md §9),
 * - `bridge:COMMAND`: a program that speaks varlink on its standard input and output,
 * - `ssh:[USER@]HOST[:PATH]`, `ssh://[USER@]HOST[:PORT][/PATH]`: a bridge on another host, to its usual service or a socket,
 * - `ssh-exec:[USER@]HOST:COMMAND`: as `bridge:`, on another host.
 *
 * COMMAND is a program and its arguments, quoted as for a shell. Throws {@link AddressError}.
 */
export function parseClientAddress(
  text: string,
  { bridge = ['varlink', 'bridge'], sshOptions = [] }: ClientAddressOptions = {},
): Address | ProgramAddress {
  const ssh = (host: string, command: string, port?: string): ProgramAddress => {
    const options = port === undefined ? sshOptions : [...sshOptions, '-p', port];
    // It knows brackets around an IPv6 address in URLs only.
    return {
      kind: 'program',
      passing: 'stdio',
      command: ['ssh', '-T', ...options, '--', bare(host), command],
    };
  };
  const [scheme] = text.split(':', 1);
  const rest = text.slice(`${scheme}:`.length);
  switch (scheme) {
    case 'exec':
      return { kind: 'program', passing: 'descriptor', command: shell(text, rest) };
    case 'bridge':
      return { kind: 'program', passing: 'stdio', command: shell(text, rest) };
    case 'ssh': {
      const [host, path, port] = rest.startsWith('//') ? urlOf(text, rest) : remote(text, rest);
      if (path !== '' && !path.startsWith('/'))
        throw new AddressError(text, 'the path on the other host must be absolute');
      const words = path === '' ? bridge : [...bridge, '--connect', `unix:${path}`];
      return ssh(host, words.map(quoted).join(' '), port);
    }
    case 'ssh-exec': {
      const [host, command] = remote(text, rest);
      if (command === '') throw new AddressError(text, 'the command is empty');
      return ssh(host, command);
    }
    default:
      return parseAddress(text);
  }
}

function shell(text: string, command: string): ProgramAddress['command'] {
  if (command.trim() === '') throw new AddressError(text, 'the command is empty');
  if (command.includes('\0')) throw new AddressError(text, 'the command has a NUL in it');
  // In place of the shell: the program is then the child itself, which can be stopped and has its process id.
  return ['/bin/sh', '-c', `exec ${command}`];
}

/** HOST and what is behind the colon that follows it. */
function remote(text: string, rest: string): [host: string, behind: string] {
  const colon = rest.indexOf(':', rest.includes('[') ? rest.indexOf(']') + 1 : 0);
  const host = colon < 0 ? rest : rest.slice(0, colon);
  if (!destination.test(host))
    throw new AddressError(text, `expected [USER@]HOST behind ${text.split(':', 1)[0]}:`);
  const behind = colon < 0 ? '' : rest.slice(colon + 1);
  if (colon >= 0 && behind === '') throw new AddressError(text, 'nothing behind the host');
  if (behind.includes('\0')) throw new AddressError(text, 'there is a NUL in it');
  return [host, behind];
}

/** HOST, the path, which may be empty, and the port, if there is one. */
function urlOf(text: string, rest: string): [host: string, path: string, port?: string] {
  const [, host = '', port, path = ''] =
    /^\/\/((?:[^@/]*@)?(?:\[[^\]/]*\]|[^:/]*))(?::(\d{1,5}))?(\/.*)?$/.exec(rest) ?? [];
  if (!destination.test(host) || Number(port ?? 22) > 65535)
    throw new AddressError(text, 'expected ssh://[USER@]HOST[:PORT][/PATH]');
  if (path.includes('\0')) throw new AddressError(text, 'there is a NUL in it');
  const there = path === '/' ? '' : path;
  return port === undefined ? [host, there] : [host, there, port];
}

function bare(host: string): string {
  return host.replaceAll(/[[\]]/g, '');
}

/** A word as the shell of the other host leaves it alone. */
function quoted(word: string): string {
  return /^[\w./:@=+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
