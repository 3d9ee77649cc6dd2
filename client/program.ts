// A run of imagectl: the command that is meant, and how it ends.
import { Command, Option } from 'commander';
import type { CommanderError } from 'commander';
import { commandTable, type CommandRow, type Names } from './command-table.js';
import type { Context } from './context.js';
import { CommandError, describeError, failed } from './errors.js';
import { expandFlags } from './flags.js';
import { nearest } from './nearest.js';
import { printableLines } from './output/printable.js';
import { refusedCommands } from './refused-flags.js';
import {
  chooseDestination,
  type Destination,
  type RemoteFlags,
  type SurroundingChoice,
} from './remote/destination.js';
import { versionText } from './version.js';

/** Runs the command that `args` stand for; returns the exit code. Nothing is thrown. */
export async function runProgram(words: readonly string[], given: GivenContext): Promise<number> {
  // Behind a command -c is that command's, as in import.
  const args = words[0] === '-c' ? ['--connection', ...words.slice(1)] : words;
  const { program, context } = emptyProgram(args, given);
  try {
    const row = rowOf(program, args);
    await addCommands(program, context, row === undefined || row.onAll === true ? commandTable : [row]);
    await program.parseAsync(expandFlags(args, flagsOf(program), defaultsOf(program)), { from: 'user' });
    return 0;
  } catch (error) {
    // What fails while everything is being given up is a consequence of it.
    const { message, exitCode } = outcomeOf(context.signal.aborted ? context.signal.reason : error);
    if (message !== '') {
      const hint = context.signal.aborted ? '' : await (await import('./hints.js')).hintFor(error, context);
      context.stderr.write(`Error: ${printableLines(message)}${printableLines(hint)}\n`);
    }
    if (context.debug !== undefined) {
      for (const line of (await import('./trace.js')).errorLines(error)) context.debug(line);
    }
    return exitCode;
  }
}

/** Every command with all its options: what help, manual pages and completions are made of. */
export async function wholeProgram(given: GivenContext): Promise<Command> {
  const { program, context } = emptyProgram([], given);
  await addCommands(program, context, commandTable);
  return program;
}

function outcomeOf(error: unknown): { readonly message: string; readonly exitCode: number } {
  return error instanceof CommandError ? error : { message: describeError(error), exitCode: failed };
}

/** What a run is given by its process. */
type GivenContext = Context & { readonly remote?: SurroundingChoice };

interface EmptyProgram {
  readonly program: Command;
  /** What its commands work with: the options of the program are in it. */
  readonly context: Context;
}

/** The program with its own options, and no commands. */
function emptyProgram(args: readonly string[], given: GivenContext): EmptyProgram {
  // Behind a command it is a flag of that, if of any.
  const versionFlags = args.indexOf('-v') > 0 ? '--version' : '-v, --version';
  const program = new Command('imagectl')
    .description('Manage container images through imaged')
    .configureHelp({
      sortSubcommands: true,
      subcommandTerm: (command) => [command.name(), ...command.aliases()].join(', '),
    })
    .helpOption('-h, --help', 'Display help')
    .version(versionText, versionFlags, 'Display the version of imagectl')
    .option('--url <address>', `Address of the service (IMAGED_ADDRESS) (default "${given.address}")`)
    .option('--debug', 'Tell of each call, and of what an error consists of')
    .addOption(
      new Option('--log-level <level>', 'debug is the same as --debug').choices(logLevels).default('warn'),
    )
    .option('--connection <name>', 'Connection to the service (IMAGED_CONNECTION)')
    .option('--identity <file>', 'Key for ssh')
    .option('--tls-ca <file>', 'Authorities of the service, for tls: addresses')
    .option('--tls-cert <file>', 'Certificate to show there')
    .option('--tls-key <file>', 'Its key');
  let destination: Promise<Destination> | undefined;
  const context: Context = {
    ...given,
    get address() {
      return program.opts<RemoteFlags>().url ?? given.address;
    },
    get debug() {
      const { debug, logLevel } = program.opts<{ debug?: boolean; logLevel?: string }>();
      if (debug !== true && logLevel !== 'debug' && logLevel !== 'trace') return undefined;
      return (line: string) => void given.stderr.write(`debug: ${line}\n`);
    },
    connectionFile: given.remote?.file,
    destination: () =>
      (destination ??= chooseDestination({
        ...(given.remote ?? { usual: given.address, file: undefined }),
        ...program.opts<RemoteFlags>(),
      })),
  };
  return { program, context };
}

/** Loads commands and puts them where they belong. */
async function addCommands(program: Command, context: Context, rows: readonly CommandRow[]): Promise<void> {
  const loaded = await Promise.all(rows.map(async (row) => ({ ...row, define: await row.load() })));
  const image = program.command('image').description('Manage images');
  for (const { top, image: below, hidden = false, define } of loaded) {
    if (top !== undefined) define(named(program, top, hidden), context);
    if (below !== undefined) define(named(image, below, hidden), context);
  }
  for (const command of everyCommand(program)) {
    command.exitOverride((error) => {
      throw usageError(command, error, context);
    });
    command.configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      // Its errors are told in podman's words instead.
      writeErr: () => undefined,
    });
  }
}

function named(parent: Command, [name, ...aliases]: Names, hidden: boolean): Command {
  return parent.command(name, { hidden }).aliases(aliases);
}

/** The only command that has to be loaded, if the words say which: not so for help and for what there is none of. */
function rowOf(program: Command, args: readonly string[]): CommandRow | undefined {
  const first = commandAt(program, args, 0);
  const word = args[first];
  if (word === undefined) return undefined;
  if (word !== 'image') return commandTable.find(({ top }) => top?.includes(word));
  const second = args[commandAt(program, args, first + 1)];
  return second === undefined ? undefined : commandTable.find(({ image }) => image?.includes(second));
}

/** Where the next word is that is neither an option of the program nor the value of one. */
function commandAt(program: Command, args: readonly string[], start: number): number {
  const takesNext = (word: string | undefined): boolean =>
    program.options.some(({ long, short, required }) => required && (long === word || short === word));
  let index = start;
  while (args[index]?.startsWith('-') === true) index += takesNext(args[index]) ? 2 : 1;
  return index;
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

/** All flags without a value, each with what turns it off. */
function flagsOf(program: Command): Map<string, string> {
  const flags = new Map<string, string>();
  for (const command of everyCommand(program)) {
    for (const { short, long, required, optional } of command.options) {
      if (required || optional || !long) continue;
      const opposite = `--no-${long.slice(2)}`;
      const off = command.options.some((other) => other.long === opposite) ? opposite : '';
      flags.set(long, off);
      if (short) flags.set(short, off);
    }
  }
  return flags;
}

/** What flags have whose value was left out. */
function defaultsOf(program: Command): Map<string, string> {
  const options = everyCommand(program).flatMap((command) => command.options);
  const open = options.filter(({ optional, required }) => optional && !required);
  return new Map(open.map(({ long, presetArg }) => [long ?? '', String(presetArg)]));
}

/** podman's. imagectl has one thing more to say, and that is for those who debug. */
const logLevels = ['trace', 'debug', 'info', 'warn', 'warning', 'error', 'fatal', 'panic'];

/** What commander found wrong with a command line, in podman's words. */
function usageError(command: Command, error: CommanderError, context: Context): CommandError {
  const path = pathOf(command);
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  // Help or the version was asked for, and has been printed.
  if (error.exitCode === 0) return new CommandError('', 0);
  switch (error.code) {
    case 'commander.help':
      context.stdout.write(command.helpInformation());
      return new CommandError(`missing command '${path} COMMAND'`);
    case 'commander.unknownCommand':
      return unknownCommand(command, path, quoted);
    case 'commander.unknownOption':
      return new CommandError(`${unknownFlag(command, quoted)}\nSee '${path} --help'`);
    case 'commander.optionMissingArgument':
      return new CommandError(
        `flag needs an argument: ${/--[a-z-]+/.exec(quoted)?.[0]}\nSee '${path} --help'`,
      );
    default:
      return new CommandError(error.message.replace(/^error: /, ''));
  }
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function unknownCommand(command: Command, path: string, word: string): CommandError {
  const reason = command.name() === 'image' ? refusedCommands[word] : undefined;
  if (reason !== undefined) return new CommandError(`${path} ${word} is not supported: ${reason}`);
  const near = nearest(word, visibleNames(command));
  const meant = near.map((name) => `\t${name}\n`).join('');
  const suggestion = near.length === 0 ? '' : `\nDid you mean this?\n${meant}\n`;
  return new CommandError(
    `unrecognized command \`${path} ${word}\`\n${suggestion}Try '${path} --help' for more information`,
  );
}

function visibleNames(command: Command): string[] {
  const commands = command.createHelp().visibleCommands(command);
  return [...commands.map((child) => child.name()), ...commands.flatMap((child) => child.aliases())];
}

function unknownFlag(command: Command, flag: string): string {
  if (!flag.startsWith('--')) return `unknown shorthand flag: '${flag.charAt(1)}' in ${flag}`;
  const known = command.options.filter(({ hidden }) => !hidden).flatMap(({ long }) => long ?? []);
  const near = nearest(flag.slice(2), new Set(known.map((long) => long.slice(2))));
  const hint = near.length === 0 ? '' : ` (did you mean ${near.map((name) => `--${name}`).join(' or ')}?)`;
  return `unknown flag: ${flag}${hint}`;
}
