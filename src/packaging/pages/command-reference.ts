// docs/imagectl.md: every command with its options, from the tree that --help prints, and what differs from podman.
import type { Command } from 'commander';

import { refusedCommands, refusedFlags } from '../../../client/refused-flags.js';

export function commandReference(program: Command): string {
  const sections = below(program).map((command) => section(command));
  return `${introduction}\n## Commands\n\n${globalOptions(program)}\n${sections.join('\n')}\n${differences()}`;
}

function below(command: Command): readonly Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((child) => child.name() !== 'help');
}

/** A group has a line for each of its commands: those of `image` are the same as without the word. */
function section(command: Command): string {
  const children = below(command);
  const title = `### imagectl ${command.name()}\n\n${sentence(command.description())}\n`;
  if (children.length > 0) {
    const lines = children.map((child) => {
      const names = [child.name(), ...child.aliases()].join('`, `');
      return `- \`${names}\`: ${sentence(child.description())}`;
    });
    return `${title}\n${lines.join('\n')}\n`;
  }
  const usage = `\n    imagectl ${command.name()} ${command.usage()}\n`;
  return `${title}${usage}${optionTable(command)}`;
}

function globalOptions(program: Command): string {
  return `These stand before or behind the command:\n${optionTable(program)}`;
}

function optionTable(command: Command): string {
  const help = command.createHelp();
  const options = help.visibleOptions(command).filter(({ long }) => long !== '--help');
  if (options.length === 0) return '';
  const rows = options.map(
    (option) =>
      `| \`${option.flags}\` | ${cell(sentence(help.optionDescription(option).replace(' (default: [])', '')))} |`,
  );
  return `\n| option | |\n|---|---|\n${rows.join('\n')}\n`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/[<>]/g, (found) => (found === '<' ? '&lt;' : '&gt;'));
}

function sentence(text: string): string {
  return text === '' || /[.)]$/.test(text) ? text : `${text}.`;
}

function differences(): string {
  const flags = Object.entries(refusedFlags).flatMap(([command, refused]) =>
    refused.map(({ flag, reason }) => {
      const name = flag === '--no-tls-verify' ? '--tls-verify=false' : flag.replace(/ <.*/, '');
      return `| \`${command} ${name}\` | ${cell(sentence(reason))} |`;
    }),
  );
  const commands = Object.entries(refusedCommands).map(
    ([name, reason]) => `| \`image ${name}\` | ${cell(sentence(reason))} |`,
  );
  return `${differencesText}\n| not taken | because |\n|---|---|\n${[...flags, ...commands].join('\n')}\n`;
}

const introduction = `# imagectl

<!-- Made by \`npm run docs\` from the command tree. -->

imagectl has podman's commands for images, in its spelling: the same flags, columns, filters, templates and exit codes as podman 4.3.
Tests run both over one store and compare what they print; what differs is at the end of this page.

## Exit codes

| | |
|---|---|
| 0 | It was done. |
| 1 | From \`exists\`: there is no such image. From \`rmi\`: images were not there. |
| 2 | From \`rmi\`: an image is in use. |
| 125 | Every other error. \`build\` ends with the code of the command in it that failed. |
| 130 | Ctrl-C: what was under way was given up and undone; files and directories that are not whole go, also by a second Ctrl-C. After SIGKILL \`.NAME.HEX\` may stay beside the file of \`save\`, and what a directory has got. |

## Errors

An error is one line on standard error, \`Error: \` and what is wrong, with what helps behind it in parentheses: how to start the
service, an image of nearly this name, \`podman login\`. \`--debug\`, or \`--log-level debug\`, tells more there: the address, each call
with its time, and the error with its name, its parameters and its causes. Passwords and secrets are left out.

What the service says never reaches a terminal with control characters in it: they become blanks.

## Templates

\`--format\` takes \`json\`, or a template as podman does, in images, history, inspect, search, info, version and events.

- \`{{.Field}}\`, \`{{.Field.Inner}}\`, \`{{index .Labels "key"}}\`, variables, pipelines, parentheses, comments, \`{{-\` and \`-}}\`
- \`{{if}} {{else if}} {{else}} {{with}} {{range}} {{break}} {{continue}} {{end}}\`
- \`and or not eq ne lt le gt ge len index slice print printf println html js urlquery\`
- podman's own \`join json lower pad split title truncate upper\`
- \`table \` in front of a template gives headings and columns; \`\\t\` and \`\\n\` are resolved
- times have \`Format\`, \`Unix\`, \`UnixNano\`, \`UTC\`, \`Year\` and \`String\`

A mistake is told in podman's words, with the line and the column. \`{{define}}\`, \`{{template}}\` and \`{{block}}\` are not offered.
A template ends after 16 million characters of output or five million steps.
`;

const differencesText = `## What differs from podman

- \`prune\`, \`tree\` and \`exists\` stand without \`image\`, too; \`bridge\`, \`copy\` and \`ensure\` are imagectl's own.
- \`info\` tells what the service knows: the host, the registries, the store. Templates know these fields only. \`version\` has two
  programs to tell of, and of the client its version only.
- \`images --format json\` and \`{{.History}}\` may lack former names of an image; \`history\` tells times to the second.
- \`diff\` compares an image, container or layer with what is under it, and not with another one.
- \`events\` has no labels of containers. \`--follow\` is the same as podman's hidden \`--stream\`.
- \`search --list-tags\` follows a template, which podman 4.3 prints its table for; and there, as with \`pull --all-tags\`, names mean what
  they mean to a pull, with search registries and mirrors.
- \`pull --platform\`, \`--arch\`, \`--os\` and \`--variant\`, and \`push --creds\`, \`--digestfile\` and \`--compression-format\` are copies as
  \`imagectl copy\` makes them; names need their registry there.
- \`commit\` has the formats oci and docker. \`inspect --type\` has image and all.
- Control characters in what is printed are blanks.

A flag that is not taken says so in one line, with its reason.
`;
