// The commands of imagectl, and how a run of it ends.
import { Command } from 'commander';
import type { CommanderError } from 'commander';
import { defineBridge } from './commands/bridge.js';
import { defineBuild } from './commands/build.js';
import { defineCopy } from './commands/copy.js';
import { defineExists } from './commands/exists.js';
import { defineHistory } from './commands/history.js';
import { defineImages } from './commands/images.js';
import { defineImport } from './commands/import.js';
import { defineInfo } from './commands/info.js';
import { defineImageInspect, defineInspect } from './commands/inspect.js';
import { defineLoad } from './commands/load.js';
import { definePull } from './commands/pull.js';
import { definePush } from './commands/push.js';
import { defineRmi } from './commands/rmi.js';
import { defineSave } from './commands/save.js';
import { defineSearch } from './commands/search.js';
import { defineTag } from './commands/tag.js';
import { defineUntag } from './commands/untag.js';
import { defineVersion } from './commands/version.js';
import type { Context } from './context.js';
import { CommandError, describeError, failed } from './errors.js';
import { expandFlags } from './flags.js';
import { printableLines } from './output/printable.js';
import { clientVersion } from './version.js';

/** Runs the command that `args` stand for; returns the exit code. Nothing is thrown. */
export async function runProgram(args: readonly string[], given: Context): Promise<number> {
  const program = new Command('imagectl');
  const context: Context = {
    ...given,
    get address() {
      return program.opts<{ url?: string }>().url ?? given.address;
    },
  };
  define(program, context, args);
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
  try {
    await program.parseAsync(expandFlags(args, flagsOf(program), defaultsOf(program)), { from: 'user' });
    return 0;
  } catch (error) {
    // What fails while everything is being given up is a consequence of it.
    const { message, exitCode } = outcomeOf(context.signal.aborted ? context.signal.reason : error);
    if (message !== '') context.stderr.write(`Error: ${printableLines(message)}\n`);
    return exitCode;
  }
}

function outcomeOf(error: unknown): { readonly message: string; readonly exitCode: number } {
  return error instanceof CommandError ? error : { message: describeError(error), exitCode: failed };
}

function define(program: Command, context: Context, args: readonly string[]): void {
  // Behind a command it is a flag of that, if of any.
  const versionFlags = args.indexOf('-v') > 0 ? '--version' : '-v, --version';
  program
    .description('Manage container images through imaged')
    .configureHelp({ subcommandTerm: (command) => [command.name(), ...command.aliases()].join(', ') })
    .helpOption('-h, --help', 'Display help')
    .version(`imagectl version ${clientVersion}`, versionFlags, 'Display the version of imagectl')
    .option('--url <address>', `Address of the service (IMAGED_ADDRESS) (default "${context.address}")`);
  defineBridge(program.command('bridge'), context);
  defineBuild(program.command('build'), context);
  defineCopy(program.command('copy'), context);
  defineExists(program.command('exists'), context);
  defineHistory(program.command('history'), context);
  const image = program.command('image').description('Manage images');
  defineImages(program.command('images'), context);
  defineImport(program.command('import'), context);
  defineInfo(program.command('info'), context);
  defineInspect(program.command('inspect'), context);
  defineLoad(program.command('load'), context);
  definePull(program.command('pull'), context);
  definePush(program.command('push'), context);
  defineRmi(program.command('rmi'), context);
  defineSave(program.command('save'), context);
  defineSearch(program.command('search'), context);
  defineTag(program.command('tag'), context);
  defineUntag(program.command('untag'), context);
  defineVersion(program.command('version'), context);

  defineBuild(image.command('build'), context);
  defineExists(image.command('exists'), context);
  defineHistory(image.command('history'), context);
  defineImport(image.command('import'), context);
  defineImageInspect(image.command('inspect'), context);
  defineImages(image.command('list').alias('ls'), context);
  defineLoad(image.command('load'), context);
  definePull(image.command('pull'), context);
  definePush(image.command('push'), context);
  defineRmi(image.command('rm'), context);
  defineSave(image.command('save'), context);
  defineSearch(image.command('search'), context);
  defineTag(image.command('tag'), context);
  defineUntag(image.command('untag'), context);
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
      return new CommandError(
        `unrecognized command \`${path} ${quoted}\`\nTry '${path} --help' for more information`,
      );
    case 'commander.unknownOption':
      return new CommandError(`${unknownFlag(quoted)}\nSee '${path} --help'`);
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

function unknownFlag(flag: string): string {
  return flag.startsWith('--')
    ? `unknown flag: ${flag}`
    : `unknown shorthand flag: '${flag.charAt(1)}' in ${flag}`;
}
