// The daemon's own log: one line per event on standard error, with journald's priority prefix where that is read.
import type { LogLevel } from './options.js';

export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  /** `error` gives the stack, which is for the log only and never goes to a client. */
  error(message: string, error?: unknown): void;
  /** A line that programs read: a JSON object, the time in front. */
  record(level: LogLevel, fields: () => object): void;
}

const priorities: Readonly<Record<LogLevel, number>> = { debug: 7, info: 6, warn: 4, error: 3 };

/** A log that writes lines of `level` and above to `write`; `journal` puts the syslog priority in front of each. */
export function createLog(level: LogLevel, journal: boolean, write: (line: string) => void): Log {
  const isWanted = (at: LogLevel): boolean => priorities[at] <= priorities[level];
  const prefix = (at: LogLevel): string => (journal ? `<${priorities[at]}>` : '');
  const say = (at: LogLevel, message: string): void => {
    if (isWanted(at)) write(`${prefix(at)}imaged: ${at}: ${message.replaceAll('\n', '\\n')}\n`);
  };
  return {
    debug: (message) => say('debug', message),
    info: (message) => say('info', message),
    warn: (message) => say('warn', message),
    error(message, error) {
      say('error', message);
      if (error instanceof Error && error.stack !== undefined) say('debug', error.stack);
    },
    record(at, fields) {
      if (!isWanted(at)) return;
      write(`${prefix(at)}${JSON.stringify({ time: new Date().toISOString(), ...fields() })}\n`);
    },
  };
}
