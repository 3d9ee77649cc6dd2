// The daemon's own log: one line per event, without secrets, in the form that whoever reads it wants.
import { withoutSecrets } from '../service/secrets.js';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** What a line has besides its message: texts, numbers, lists of texts, and objects of these. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where lines go. */
export type LogSink = (level: LogLevel, message: string, fields: LogFields) => void;

export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  /** `error` gives the stack, which is for the log only and never goes to a client. */
  error(message: string, error?: unknown): void;
  /** A line that programs read. Whoever makes it keeps secrets out of its fields; it is made only if the line is wanted. */
  record(level: LogLevel, line: () => { readonly message: string; readonly fields: LogFields }): void;
}

/** As syslog and the journal count them. */
export const priorities: Readonly<Record<LogLevel, number>> = { debug: 7, info: 6, warn: 4, error: 3 };

/** A log that hands lines of `level` and above to `sink`. */
export function createLog(level: LogLevel, sink: LogSink): Log {
  const isWanted = (at: LogLevel): boolean => priorities[at] <= priorities[level];
  const say = (at: LogLevel, message: string, fields: LogFields = {}): void => {
    if (isWanted(at)) sink(at, withoutSecrets(message), fields);
  };
  return {
    debug: (message) => say('debug', message),
    info: (message) => say('info', message),
    warn: (message) => say('warn', message),
    error(message, error) {
      say('error', message);
      if (error instanceof Error && error.stack !== undefined) say('debug', error.stack);
    },
    record(at, line) {
      if (!isWanted(at)) return;
      const { message, fields } = line();
      sink(at, withoutSecrets(message), fields);
    },
  };
}
