import { describe, expect, it } from '@jest/globals';
import { readLogOptions, type ErrorStream } from '../../src/daemon/log-options.js';

const stream: ErrorStream = { isTerminal: false, identity: '9:77', hasJournal: true };

describe('the options of the log', () => {
  it.each([
    ['a pipe or a file', undefined, stream, { format: 'json', journal: false }],
    ['a terminal', undefined, { ...stream, isTerminal: true }, { format: 'text', journal: false }],
    ['the journal', '9:77', stream, { format: 'journal', journal: true }],
    [
      'a journal that is not to be reached',
      '9:77',
      { ...stream, hasJournal: false },
      { format: 'json', journal: true },
    ],
    [
      'a file, below a service that writes to the journal',
      '9:78',
      stream,
      { format: 'json', journal: false },
    ],
  ])('writes for %s', (_, variable, errors, log) => {
    expect(readLogOptions({}, variable, errors)).toEqual({ logLevel: 'info', log });
  });

  it('does as it is told', () => {
    const flags = { 'log-format': 'text', 'log-level': 'warn' };
    expect(readLogOptions(flags, '9:77', stream)).toEqual({
      logLevel: 'warn',
      log: { format: 'text', journal: true },
    });
    expect(() => readLogOptions({ 'log-format': 'xml' }, undefined, stream)).toThrow(
      '--log-format xml: expected text, json, journal',
    );
  });
});
