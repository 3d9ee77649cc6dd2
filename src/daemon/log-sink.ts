// How lines of the log are written: for people, as JSON, or as fields of the journal.
import { createRequire } from 'node:module';
import type * as Pino from 'pino';
import { JournalSocket } from '../sys/journal.js';
import { priorities, type LogFields, type LogLevel, type LogSink } from './log.js';
import type { LogTarget } from './log-options.js';

const require = createRequire(import.meta.url);

/** `write` writes to standard error. */
export function logSink({ format, journal }: LogTarget, write: (text: string) => void): LogSink {
  const prefixed = (level: LogLevel, line: string): void =>
    write(journal ? `<${priorities[level]}>${line}` : line);
  switch (format) {
    case 'text':
      return (level, message) => prefixed(level, `imaged: ${level}: ${message.replaceAll('\n', '\\n')}\n`);
    case 'journal':
      return journalSink(jsonSink(prefixed));
    default:
      return jsonSink(prefixed);
  }
}

type WriteLine = (level: LogLevel, line: string) => void;

/** Loads the logger with the first line: that takes longer than a tenth of the daemon's start, in which nothing is said. */
function jsonSink(write: WriteLine): LogSink {
  let current: LogLevel = 'info';
  let logger: Pino.Logger | undefined;
  return (level, message, fields) => {
    logger ??= openPino((line) => write(current, line));
    current = level;
    logger[level](fields, message);
  };
}

function openPino(write: (line: string) => void): Pino.Logger {
  const { pino } = require('pino') as typeof Pino;
  // What is wanted was decided before; who we are is known to whoever started us.
  const settings = {
    level: 'debug',
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level: string) => ({ level }) },
  };
  return pino(settings, { write });
}

/** Lines that the journal does not take, because it is gone or behind, go to `other`. */
function journalSink(other: LogSink): LogSink {
  const journal = new JournalSocket();
  return (level, message, fields) => {
    if (!journal.send(journalFields(level, message, fields))) other(level, message, fields);
  };
}

/** A field for each value: `asked.name` becomes `IMAGED_ASKED_NAME`, a list the same field several times. */
export function journalFields(
  level: LogLevel,
  message: string,
  fields: LogFields,
): readonly (readonly [name: string, value: string])[] {
  return [
    ['MESSAGE', message],
    ['PRIORITY', String(priorities[level])],
    ['SYSLOG_IDENTIFIER', 'imaged'],
    ...flat('IMAGED', fields),
  ];
}

function flat(name: string, value: unknown): (readonly [string, string])[] {
  if (typeof value === 'string') return [[name, value]];
  if (typeof value === 'number' || typeof value === 'boolean') return [[name, String(value)]];
  if (Array.isArray(value)) return value.flatMap((item) => flat(name, item));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => flat(`${name}_${fieldName(key)}`, inner));
}

/** Of letters, digits and underscores, as the journal wants them: `image_name`, `additionalTags` and `NAME` alike. */
function fieldName(key: string): string {
  return key
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '_');
}
