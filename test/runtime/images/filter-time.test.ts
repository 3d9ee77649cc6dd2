import { describe, expect, it } from '@jest/globals';
import { filterTime } from '../../../src/runtime/images/filter-time.js';

const now = Date.parse('2024-05-01T12:00:00.750Z');

/** As a time of the ISO with whole seconds, and the nanoseconds behind them. */
function shown(text: string): string {
  const time = filterTime(text, now);
  const nanoseconds = time % 1_000_000_000n;
  return `${new Date(Number(time / 1_000_000_000n) * 1000).toISOString().slice(0, 19)} ${nanoseconds}`;
}

describe('the time of a filter', () => {
  it.each([
    ['2020-09-13T12:26:40Z', '2020-09-13T12:26:40 0'],
    ['2020-09-13T12:26:40.123456789Z', '2020-09-13T12:26:40 123456789'],
    ['2020-09-13T12:26:40+02:00', '2020-09-13T10:26:40 0'],
    ['2020-09-13T12:26-07:30', '2020-09-13T19:56:00 0'],
    ['2020-09-13T12Z', '2020-09-13T12:00:00 0'],
    ['2020-09-13Z', '2020-09-13T00:00:00 0'],
    ['2020-09-13-01:00', '2020-09-13T01:00:00 0'],
    ['2024-02-29Z', '2024-02-29T00:00:00 0'],
    ['0', '1970-01-01T00:00:00 0'],
    ['1600000000', '2020-09-13T12:26:40 0'],
    ['1600000000.5', '2020-09-13T12:26:40 500000000'],
    ['1600000000.000000001', '2020-09-13T12:26:40 1'],
    ['10m', '2024-05-01T11:50:00 0'],
    ['1h30m', '2024-05-01T10:30:00 0'],
    ['-1h', '2024-05-01T13:00:00 0'],
  ])('%s is %s', (text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  it.each(['2020-09-13', '2020-09-13T12', '2020-09-13T12:26', '2020-09-13T12:26:40'])(
    '%s, without a zone, is local',
    (text) => {
      const clock = text + '2020-09-13T00:00:00'.slice(text.length);
      const offset = BigInt(new Date(now).getTimezoneOffset()) * 60n;
      expect(filterTime(text, now) / 1_000_000_000n - offset).toBe(BigInt(Date.parse(`${clock}Z`) / 1000));
    },
  );

  it.each([
    '',
    'yesterday',
    '2020-02-30Z',
    '2020-13-01Z',
    '2020-09-13T25:00Z',
    '2020-09-13T12:26:40Z trailing',
    '2020-09-13 12:26',
    '-5',
    '1.2.3',
    '1600000000.',
    '9'.repeat(30),
    '1'.repeat(100_000),
  ])('%.40s is refused', (text) => {
    expect(() => filterTime(text, now)).toThrow(
      `failed to parse value as time or duration: ${JSON.stringify(text)}`,
    );
  });
});
