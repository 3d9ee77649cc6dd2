// What each instruction makes of its line.
import type {
  CommandInstruction,
  EnvInstruction,
  FromInstruction,
  ListInstruction,
  RunInstruction,
  ShellInstruction,
  ArgInstruction,
  StepInstruction,
  TextInstruction,
} from './instruction.js';
import { parseCopy } from './parse-copy.js';
import { parseHealthcheck } from './parse-healthcheck.js';
import { parseArgs, parsePairs } from './parse-pairs.js';
import { checkedStageName } from './stage-name.js';
import type { Statement } from './statement.js';
import { firstWord, quoteWord, splitBlanks, splitWords } from './words.js';

type Parser = (statement: Statement) => StepInstruction | FromInstruction;

const parsers: Readonly<Record<string, Parser>> = {
  add: (statement) => parseCopy(statement, 'add'),
  arg: parseArg,
  cmd: (statement) => parseCommand(statement, 'cmd'),
  copy: (statement) => parseCopy(statement, 'copy'),
  entrypoint: (statement) => parseCommand(statement, 'entrypoint'),
  env: (statement) => parseEnv(statement, 'env'),
  expose: (statement) => parseList(statement, 'expose', wordsOf(statement)),
  from: parseFrom,
  healthcheck: parseHealthcheck,
  label: (statement) => parseEnv(statement, 'label'),
  maintainer: (statement) => parseText(statement, 'maintainer'),
  onbuild: parseOnbuild,
  run: parseRun,
  shell: parseShell,
  stopsignal: (statement) => parseText(statement, 'stopsignal'),
  user: (statement) => parseText(statement, 'user'),
  volume: parseVolume,
  workdir: (statement) => parseText(statement, 'workdir'),
};

/** Throws DockerfileError for an instruction that does not exist, or is wrong in itself. */
export function parseStatement(statement: Statement): StepInstruction | FromInstruction {
  const parser = parserOf(statement.name);
  return parser === undefined ? statement.fail(`unknown instruction: ${statement.name}`) : parser(statement);
}

function parserOf(name: string): Parser | undefined {
  const key = name.toLowerCase();
  return Object.hasOwn(parsers, key) ? parsers[key] : undefined;
}

function parseFrom(statement: Statement): FromInstruction {
  const [image = '', keyword, name, more] = splitBlanks(statement.rest);
  const isNamed = keyword?.toLowerCase() === 'as' && name !== undefined && more === undefined;
  if (image === '' || (keyword !== undefined && !isNamed)) {
    statement.fail('FROM requires either one or three arguments: FROM image [AS name]');
  }
  const platform = statement.flags({ platform: 'value' }).value('platform');
  // One with variables is looked at when they are known.
  const as = name?.includes('$') ? name : checkedStageName(name, (reason) => statement.fail(reason));
  return {
    ...statement.base,
    kind: 'from',
    image,
    ...(platform !== undefined && { platform }),
    ...(as !== undefined && { as }),
  };
}

function parseArg(statement: Statement): ArgInstruction {
  statement.noFlags();
  return { ...statement.base, kind: 'arg', args: parseArgs(statement) };
}

function parseEnv(statement: Statement, kind: EnvInstruction['kind']): EnvInstruction {
  statement.noFlags();
  return { ...statement.base, kind, pairs: parsePairs(statement) };
}

function parseRun(statement: Statement): RunInstruction {
  const flags = statement.flags({ mount: 'values', network: 'value', security: 'value' });
  const network = flags.value('network');
  const security = flags.value('security');
  if (network !== undefined && !['default', 'none', 'host'].includes(network)) {
    statement.fail(`unsupported network mode ${JSON.stringify(network)}, expected default, none or host`);
  }
  if (security !== undefined && !['sandbox', 'insecure'].includes(security)) {
    statement.fail(`unsupported security mode ${JSON.stringify(security)}, expected sandbox or insecure`);
  }
  const command = statement.command();
  if (isEmpty(command)) needsArgument(statement);
  return {
    ...statement.base,
    kind: 'run',
    command,
    mounts: flags.values('mount'),
    ...(network !== undefined && { network }),
    ...(security !== undefined && { security }),
  };
}

function parseCommand(statement: Statement, kind: CommandInstruction['kind']): CommandInstruction {
  statement.noFlags();
  return { ...statement.base, kind, command: statement.command() };
}

function parseShell(statement: Statement): ShellInstruction {
  statement.noFlags();
  const args = statement.strings();
  if (args === undefined && statement.rest !== '') {
    statement.fail('SHELL requires the arguments to be in JSON form');
  }
  if (args === undefined || args.length === 0) needsArgument(statement);
  return { ...statement.base, kind: 'shell', args };
}

function parseText(statement: Statement, kind: TextInstruction['kind']): TextInstruction {
  statement.noFlags();
  if (statement.rest === '') statement.fail(`${statement.instruction} requires exactly one argument`);
  return { ...statement.base, kind, text: statement.rest };
}

function parseVolume(statement: Statement): ListInstruction {
  const strings = statement.strings();
  const words = strings?.map((text) => quoteWord(text, statement.escape)) ?? wordsOf(statement);
  if (words.includes('')) statement.fail('VOLUME specified can not be an empty string');
  return parseList(statement, 'volume', words);
}

function parseList(
  statement: Statement,
  kind: ListInstruction['kind'],
  words: ListInstruction['words'],
): ListInstruction {
  statement.noFlags();
  if (words.length === 0) needsArgument(statement);
  return { ...statement.base, kind, words };
}

function parseOnbuild(statement: Statement): TextInstruction {
  statement.noFlags();
  if (statement.rest === '') needsArgument(statement);
  const [name] = firstWord(statement.rest);
  const trigger = name.toUpperCase();
  if (trigger === 'ONBUILD') statement.fail("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (trigger === 'FROM' || trigger === 'MAINTAINER') {
    statement.fail(`${trigger} isn't allowed as an ONBUILD trigger`);
  }
  if (parserOf(name) === undefined) statement.fail(`unknown instruction: ${name}`);
  const bodies = statement.heredocs.map(({ name, content }) => `\n${content}${name}`);
  return { ...statement.base, kind: 'onbuild', text: statement.rest + bodies.join('') };
}

function wordsOf({ rest, escape }: Statement): ListInstruction['words'] {
  return splitWords(rest, escape);
}

function isEmpty(command: RunInstruction['command']): boolean {
  return command.form === 'shell' ? command.text === '' : command.args.length === 0;
}

function needsArgument(statement: Statement): never {
  statement.fail(`${statement.instruction} requires at least one argument`);
}
