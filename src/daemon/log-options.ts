// The options that say what is logged, and how.
import { logLevels, type LogLevel } from './log.js';
import { oneOf } from './one-of.js';

const formats = ['text', 'json', 'journal'] as const;

/** Where the log goes, and in which form. */
export interface LogTarget {
  readonly format: (typeof formats)[number];
  /** Standard error goes to the journal, which takes priorities from the beginning of lines. */
  readonly journal: boolean;
}

export interface LogOptions {
  readonly logLevel: LogLevel;
  readonly log: LogTarget;
}

/** What standard error is. */
export interface ErrorStream {
  readonly isTerminal: boolean;
  /** Device and inode, `8:1`. */
  readonly identity: string;
  /** There is a journal on this host that takes lines with fields. */
  readonly hasJournal: boolean;
}

export interface LogFlags {
  readonly 'log-level'?: string | undefined;
  readonly 'log-format'?: string | undefined;
}

export const logFlags = { 'log-level': { type: 'string' }, 'log-format': { type: 'string' } } as const;

export const logUsage = `  --log-level LEVEL        debug, info, warn or error (default info)
  --log-format FORMAT      text, json or journal: lines with fields for journalctl (default: journal under systemd, text
                           on a terminal, otherwise json)
`;

/**
 * `stream` is what the environment calls JOURNAL_STREAM. The variable is inherited by those whose output goes elsewhere, so it
 * must name our own standard error (systemd.exec(5)). Throws `UsageError`.
 */
export function readLogOptions(flags: LogFlags, stream: string | undefined, error: ErrorStream): LogOptions {
  const journal = stream !== undefined && stream === error.identity;
  const usual = error.isTerminal ? 'text' : journal && error.hasJournal ? 'journal' : 'json';
  return {
    logLevel: oneOf('--log-level', logLevels, flags['log-level']) ?? 'info',
    log: { format: oneOf('--log-format', formats, flags['log-format']) ?? usual, journal },
  };
}
