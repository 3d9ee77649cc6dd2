// imagectl connection: the named services of a user, spelled as `podman system connection` does.
import type { Command } from 'commander';
import { exactlyOne, noArguments } from '../arguments.js';
import type { Context } from '../context.js';
import { CommandError } from '../errors.js';
import { toJson } from '../output/json.js';
import { formatTable } from '../output/table.js';
import { parseClientAddress } from '../../src/rpc/client-address.js';
import { AddressError } from '../../src/rpc/index.js';
import { changeConnections, readConnections, type NamedConnection } from '../remote/connection-file.js';
import { addressOf, type RemoteFlags } from '../remote/destination.js';
import { resolve } from 'node:path';

interface AddFlags extends RemoteFlags {
  readonly default?: boolean;
  readonly port?: string;
  readonly socketPath?: string;
}

export function defineConnection(command: Command, context: Context): void {
  const file = (): string => fileOf(context);
  command.description('Manage the services that imagectl knows by name');
  const add = command.command('add').description('Record a service under a name');
  add
    .usage('[options] NAME DESTINATION')
    .argument('[words...]')
    .option('-d, --default', 'Make it the default')
    .option('--identity <file>', 'Key for ssh')
    .option('-p, --port <number>', 'Port of ssh')
    .option('--socket-path <path>', 'Socket on the other host')
    .action((words: string[]) => addConnection(file(), words, add.optsWithGlobals()));
  command
    .command('default')
    .description('Make a connection the default')
    .usage('NAME')
    .argument('[name...]')
    .action(async (words: string[]) => {
      const name = exactlyOne(words);
      await changeConnections(file(), (connections) => connections.setDefault(name));
    });
  command
    .command('list')
    .alias('ls')
    .description('List connections')
    .argument('[words...]')
    .option('-f, --format <format>', 'json')
    .option('-q, --quiet', 'Names only')
    .action((words: string[], flags: { format?: string; quiet?: boolean }) => {
      noArguments('connection list', words);
      return list(context, file(), flags);
    });
  command
    .command('remove')
    .alias('rm')
    .description('Forget a connection')
    .usage('[options] NAME')
    .argument('[name...]')
    .option('-a, --all', 'Forget all of them')
    .action((words: string[], { all = false }: { all?: boolean }) => {
      if (all) noArguments('connection remove --all', words);
      const names = all ? undefined : [exactlyOne(words)];
      return changeConnections(file(), (connections) => {
        for (const name of names ?? connections.names) connections.remove(name);
      });
    });
  command
    .command('rename')
    .alias('mv')
    .description('Give a connection another name')
    .usage('OLD NEW')
    .argument('[names...]')
    .action(async (words: string[]) => {
      const [from, to, ...more] = words;
      if (from === undefined || to === undefined || more.length > 0)
        throw new CommandError(`accepts 2 arg(s), received ${words.length}`);
      checkName(to);
      await changeConnections(file(), (connections) => connections.rename(from, to));
    });
}

function fileOf({ connectionFile }: Context): string {
  if (connectionFile !== undefined) return connectionFile;
  throw new CommandError('there is no place for connections: set HOME or XDG_CONFIG_HOME');
}

async function addConnection(file: string, words: readonly string[], flags: AddFlags): Promise<void> {
  const [name, text, ...more] = words;
  if (name === undefined || text === undefined || more.length > 0)
    throw new CommandError(`accepts 2 arg(s), received ${words.length}`);
  checkName(name);
  const { identity, tlsCa, tlsCert, tlsKey } = flags;
  const address = withParts(addressOf(text), flags);
  checkAddress(address);
  // Relative to where it was said, and not to where it will be used.
  const tls = Object.fromEntries(
    Object.entries({ ca: tlsCa, cert: tlsCert, key: tlsKey }).flatMap(([part, path]) =>
      path === undefined ? [] : [[part, resolve(path)]],
    ),
  );
  const connection: NamedConnection = {
    address,
    ...(identity !== undefined && { identity: resolve(identity) }),
    ...(Object.keys(tls).length > 0 && { tls }),
  };
  await changeConnections(file, (connections) => connections.set(name, connection, flags.default === true));
}

/** `--port` and `--socket-path` of an address for ssh that has none of its own. */
function withParts(address: string, { port, socketPath }: AddFlags): string {
  if (port === undefined && socketPath === undefined) return address;
  const [, user = '', ownPort, path] = /^ssh:\/\/([^/:]*|[^/]*\])(?::(\d+))?(\/.*)?$/.exec(address) ?? [];
  if (user === '') throw new CommandError(`--port and --socket-path are for ssh, not for ${address}`);
  const number = ownPort ?? port;
  return `ssh://${user}${number === undefined ? '' : `:${number}`}${path ?? socketPath ?? ''}`;
}

function checkName(name: string): void {
  if (/^[\w][\w.-]{0,127}$/.test(name)) return;
  throw new CommandError(`${name}: a name has letters, digits, dots, dashes and underscores`);
}

function checkAddress(address: string): void {
  try {
    parseClientAddress(address.replace(/^jsonrpc\+/, ''));
  } catch (error) {
    throw error instanceof AddressError
      ? new CommandError(error.message, undefined, { cause: error })
      : error;
  }
}

async function list(
  { stdout }: Context,
  file: string,
  { format, quiet = false }: { readonly format?: string; readonly quiet?: boolean },
): Promise<void> {
  const connections = await readConnections(file);
  const rows = connections.names.map((name) => {
    const { address, identity = '' } = connections.get(name);
    return { Name: name, URI: address, Identity: identity, Default: connections.default === name };
  });
  if (format !== undefined && format !== 'json')
    throw new CommandError(`unsupported format "${format}": only json is offered`);
  if (format === 'json') stdout.write(`${toJson(rows, 4)}\n`);
  else if (quiet) for (const { Name } of rows) stdout.write(`${Name}\n`);
  else {
    const cells = rows.map(({ Name, URI, Identity, Default }) => [Name, URI, Identity, String(Default)]);
    stdout.write(formatTable([['Name', 'URI', 'Identity', 'Default'], ...cells]));
  }
}
