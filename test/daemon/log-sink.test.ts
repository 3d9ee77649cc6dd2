import { describe, expect, it } from '@jest/globals';
import { createLog, type LogLevel } from '../../src/daemon/log.js';
import { journalFields, logSink } from '../../src/daemon/log-sink.js';
import { encoded } from '../../src/sys/journal.js';

function written(format: 'text' | 'json', journal: boolean, level: LogLevel, message: string): string {
  let text = '';
  const log = createLog(
    'debug',
    logSink({ format, journal }, (line) => (text += line)),
  );
  log[level](message);
  return text;
}

describe('lines of the log', () => {
  it('are texts for people, one line each', () => {
    expect(written('text', false, 'warn', 'two\nlines')).toBe('imaged: warn: two\\nlines\n');
  });

  it('are JSON with level, time and message', () => {
    const line = written('json', false, 'error', 'two\nlines');
    const { time, ...rest } = JSON.parse(line) as { time: string };
    expect(rest).toEqual({ level: 'error', msg: 'two\nlines' });
    expect(Math.abs(Date.now() - Date.parse(time))).toBeLessThan(60_000);
    expect(line.indexOf('\n')).toBe(line.length - 1);
  });

  it('begin with their priority where the journal reads them', () => {
    expect(written('json', true, 'warn', 'a')).toMatch(/^<4>\{"level":"warn"/);
    expect(written('text', true, 'debug', 'a')).toBe('<7>imaged: debug: a\n');
  });

  it('have no passwords of addresses and no queries', () => {
    const line = written(
      'text',
      false,
      'info',
      'GET "https://me:secret@host/a?sig=secret": 500, http://b/c?d e',
    );
    expect(line).toBe('imaged: info: GET "https://…@host/a?…": 500, http://b/c?… e\n');
  });

  it('are made only if they are wanted', () => {
    let text = '';
    const log = createLog(
      'warn',
      logSink({ format: 'text', journal: false }, (line) => (text += line)),
    );
    log.info('a');
    log.record('info', () => {
      throw new Error('made');
    });
    log.error('b', new Error('c'));
    expect(text).toBe('imaged: error: b\n');
  });

  it('are fields for the journal, lists repeated ones', () => {
    const fields = { uid: 0, asked: { additionalTags: ['a', 'b'], image_name: 'c' }, none: undefined };
    expect(journalFields('info', 'm', fields)).toEqual([
      ['MESSAGE', 'm'],
      ['PRIORITY', '6'],
      ['SYSLOG_IDENTIFIER', 'imaged'],
      ['IMAGED_UID', '0'],
      ['IMAGED_ASKED_ADDITIONAL_TAGS', 'a'],
      ['IMAGED_ASKED_ADDITIONAL_TAGS', 'b'],
      ['IMAGED_ASKED_IMAGE_NAME', 'c'],
    ]);
    expect(encoded(['A', 'b']).toString()).toBe('A=b\n');
    expect(encoded(['A', 'b\nC=d']).toString('latin1')).toBe('A\n\x05\0\0\0\0\0\0\0b\nC=d\n');
  });
});
