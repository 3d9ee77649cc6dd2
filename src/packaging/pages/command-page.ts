// The manual pages of imagectl: one for the program, one for each command.
import type { Command } from 'commander';

import { entry, heading, paragraph, references, roff, section, type Page } from './roff.js';

/** Every command's page; those that stand in two places of the tree have one, and a link to it. */
export function commandPages(program: Command, version: string): readonly Page[] {
  const pages = new Map<string, Page>();
  const texts = new Map<string, string>();
  for (const command of everyCommand(program)) {
    for (const words of namesOf(command)) {
      const name = words.replaceAll(' ', '-');
      const body = bodyOf(command, words);
      const alike = texts.get(withoutName(body, words));
      texts.set(withoutName(body, words), alike ?? name);
      const text =
        alike === undefined
          ? `${heading(name, 1, version)}${nameLine(name, command)}${body}`
          : `.so man1/${alike}.1\n`;
      pages.set(name, { file: `man1/${name}.1`, text });
    }
  }
  return [...pages.values()];
}

/** Commands before those of groups: a group's command links to the one that stands for itself. */
function everyCommand(command: Command): readonly Command[] {
  const below = visible(command);
  const [groups, single] = [
    below.filter((child) => visible(child).length > 0),
    below.filter((child) => visible(child).length === 0),
  ];
  return [command, ...single.flatMap(everyCommand), ...groups.flatMap(everyCommand)];
}

function visible(command: Command): readonly Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((child) => child.name() !== 'help');
}

/** The words it is called by, in each of its names. */
function namesOf(command: Command): readonly string[] {
  const own = [command.name(), ...command.aliases()];
  if (command.parent === null) return own;
  return namesOf(command.parent).flatMap((parent) => own.map((name) => `${parent} ${name}`));
}

function nameLine(name: string, command: Command): string {
  return section(
    'NAME',
    `${roff(`${name} - `).replace(String.raw` \-`, String.raw` \-`)} ${roff(firstLine(command.description()))}\n`,
  );
}

function bodyOf(command: Command, words: string): string {
  const help = command.createHelp();
  const below = visible(command);
  const isProgram = command.parent === null;
  return [
    section('SYNOPSIS', `\\fB${roff(words)}\\fR ${roff(command.usage())}\n`),
    section('DESCRIPTION', paragraph(sentence(command.description()))),
    section(
      'COMMANDS',
      ...below.map((child) =>
        entry([child.name(), ...child.aliases()].join(', '), sentence(child.description())),
      ),
    ),
    section(
      'OPTIONS',
      ...help
        .visibleOptions(command)
        .map((option) => entry(option.flags, sentence(help.optionDescription(option)))),
    ),
    isProgram ? environment + exitStatus : '',
    section(
      'SEE ALSO',
      references(
        isProgram
          ? [...below.map((child) => `imagectl-${child.name()}.1`), 'imaged.8']
          : ['imagectl.1', 'imaged.8'],
      ),
    ),
  ].join('');
}

/** What is compared to find a command's other places. */
function withoutName(body: string, words: string): string {
  return body.replace(roff(words), '');
}

const environment = section(
  'ENVIRONMENT',
  entry('IMAGED_ADDRESS', 'Where the service is, unless --url says so.'),
  entry('XDG_RUNTIME_DIR', 'Where the service of a user is: unix:$XDG_RUNTIME_DIR/imaged/io.podman.'),
  entry('NO_COLOR', 'No colours, whatever its value is.'),
);

const exitStatus = section(
  'EXIT STATUS',
  entry('0', 'It was done.'),
  entry('1', 'Of exists: there is no such image. Of rmi: there was none.'),
  entry('2', 'Of rmi: an image is in use.'),
  entry('125', 'Every other error. A build ends with the exit status of the command in it that failed.'),
  entry('130', 'Ctrl-C: what was under way was given up and undone.'),
);

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

function sentence(text: string): string {
  return text === '' || /[.)]$/.test(text) ? text : `${text}.`;
}
