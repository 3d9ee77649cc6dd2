// What there is to complete, out of the command tree: the commands, their options, and what their words stand for.
import type { Command, Option } from 'commander';

/** What a shell offers for a word. */
export type Kind = 'image' | 'file' | 'none' | { readonly choices: readonly string[] };

export interface Flag {
  readonly short: string | undefined;
  readonly long: string | undefined;
  readonly description: string;
  /** Absent for those without a value. */
  readonly value?: Kind;
  /** The value follows only behind `=`. */
  readonly optional: boolean;
}

export interface Place {
  /** `image list`; empty for imagectl itself. */
  readonly path: string;
  /** The same by aliases. */
  readonly others: readonly string[];
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly flags: readonly Flag[];
  readonly words: Kind;
}

/** Every place of a command line where something can be completed, imagectl itself first. */
export function placesOf(program: Command): readonly Place[] {
  return placesBelow(program, [''], program.createHelp().visibleOptions(program));
}

function placesBelow(
  command: Command,
  paths: readonly string[],
  global: readonly Option[],
): readonly Place[] {
  const help = command.createHelp();
  // help is an option of every command; as a command it would hide the others.
  const below = help.visibleCommands(command).filter((child) => child.name() !== 'help');
  const [path = '', ...others] = paths;
  const inherited = path === '' ? [] : global.filter(({ long }) => long === '--url');
  const place: Place = {
    path,
    others,
    commands: below.flatMap((child) =>
      [child.name(), ...child.aliases()].map((name) => ({
        name,
        description: firstLine(child.description()),
      })),
    ),
    flags: [...help.visibleOptions(command), ...inherited].map(flagOf),
    words: wordsOf(command),
  };
  return [
    place,
    ...below.flatMap((child) => {
      const names = [child.name(), ...child.aliases()];
      return placesBelow(
        child,
        names.flatMap((name) => paths.map((parent) => `${parent} ${name}`.trim())),
        global,
      );
    }),
  ];
}

function flagOf({ short, long, description, required, optional, flags, argChoices }: Option): Flag {
  const hasValue = required || optional;
  const name = /[<[]([^\]>]+)/.exec(flags)?.[1] ?? '';
  return {
    short,
    long,
    description: firstLine(description),
    optional,
    ...(hasValue && { value: argChoices === undefined ? kindOf(name) : { choices: argChoices } }),
  };
}

function wordsOf(command: Command): Kind {
  const [argument] = command.registeredArguments;
  if (argument === undefined) return 'none';
  return argument.argChoices === undefined ? kindOf(argument.name()) : { choices: argument.argChoices };
}

/** The names that the commands give their arguments and values. */
function kindOf(name: string): Kind {
  if (/^(image|source)$/.test(name)) return 'image';
  return /^(file|path|context|directory|place)$/.test(name) ? 'file' : 'none';
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
