// HEALTHCHECK.
import { parseDuration } from './duration.js';
import type { HealthcheckInstruction } from './instruction.js';
import type { Statement } from './statement.js';
import { firstWord, unquote } from './words.js';

const durations = [
  ['interval', 'interval'],
  ['timeout', 'timeout'],
  ['start-period', 'startPeriod'],
  ['start-interval', 'startInterval'],
] as const;

const flagKinds = {
  interval: 'value',
  timeout: 'value',
  'start-period': 'value',
  'start-interval': 'value',
  retries: 'value',
} as const;

const shortest = 1_000_000;

export function parseHealthcheck(statement: Statement): HealthcheckInstruction {
  const flags = statement.flags(flagKinds);
  const [type, rest] = firstWord(statement.rest);
  switch (type.toUpperCase()) {
    case '':
      return statement.fail('HEALTHCHECK requires at least one argument');
    case 'NONE':
      if (rest !== '') statement.fail('HEALTHCHECK NONE takes no arguments');
      return { ...statement.base, kind: 'healthcheck' };
    case 'CMD':
      break;
    default:
      return statement.fail(`Unknown type ${JSON.stringify(type)} in HEALTHCHECK (try CMD)`);
  }
  const command = statement.command(rest);
  if (rest === '' || (command.form === 'exec' && command.args.length === 0)) {
    statement.fail('Missing command after HEALTHCHECK CMD');
  }
  const times: { [name in (typeof durations)[number][1]]?: number } = {};
  for (const [flag, name] of durations) {
    const value = flags.value(flag);
    if (value !== undefined) times[name] = nanoseconds(statement, flag, value);
  }
  const retries = flags.value('retries');
  return {
    ...statement.base,
    kind: 'healthcheck',
    command,
    ...times,
    ...(retries !== undefined && { retries: count(statement, retries) }),
  };
}

function nanoseconds(statement: Statement, flag: string, value: string): number {
  let duration: number;
  try {
    duration = parseDuration(unquote(value, statement.escape));
  } catch (error) {
    return statement.fail(`--${flag}: ${(error as RangeError).message}`);
  }
  if (duration !== 0 && duration < shortest) statement.fail(`--${flag} cannot be less than 1ms`);
  return duration;
}

function count(statement: Statement, value: string): number {
  const text = unquote(value, statement.escape);
  const retries = /^[-+]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(Math.abs(retries) < 2 ** 31)) {
    statement.fail(`--retries: ${JSON.stringify(text)} is not a number`);
  }
  if (retries < 1) statement.fail(`--retries must be at least 1 (not ${retries})`);
  return retries;
}
