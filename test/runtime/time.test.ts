import { describe, expect, it } from '@jest/globals';
import { instant, localTime, nanosecondTime, secondTime } from '../../src/runtime/time.js';

describe('times', () => {
  it.each([
    ['2020-09-13T12:26:40.120000000Z', '2020-09-13T12:26:40.12Z', '2020-09-13T12:26:40Z'],
    ['2020-09-13T12:26:40Z', '2020-09-13T12:26:40Z', '2020-09-13T12:26:40Z'],
    [
      '2020-09-13T12:26:40.123456789+02:00',
      '2020-09-13T12:26:40.123456789+02:00',
      '2020-09-13T12:26:40+02:00',
    ],
    ['2020-09-13T12:26:40.1+00:00', '2020-09-13T12:26:40.1Z', '2020-09-13T12:26:40Z'],
  ])('prints %s as Go does', (text, nanoseconds, seconds) => {
    expect(nanosecondTime(text)).toBe(nanoseconds);
    expect(secondTime(text)).toBe(seconds);
  });

  it('has a zero time for what is no time', () => {
    expect(nanosecondTime('yesterday')).toBeUndefined();
    expect(secondTime('yesterday')).toBe('0001-01-01T00:00:00Z');
    expect(secondTime(undefined)).toBe('0001-01-01T00:00:00Z');
  });

  it('compares times of different zones and fractions by instant', () => {
    expect(instant('2020-09-13T14:26:40.5+02:00')).toBe(instant('2020-09-13T12:26:40.500Z'));
    expect(instant('2020-09-13T12:26:40.000000001Z')! - instant('2020-09-13T12:26:40Z')!).toBe(1n);
    expect(instant('2020-13-99T00:00:00Z')).toBeUndefined();
  });

  it('prints nanoseconds in the local zone', () => {
    const time = 1_600_000_000_120_000_001n;
    expect(instant(localTime(time))).toBe(time);
    expect(localTime(time)).toMatch(/^2020-09-1[34]T\d\d:\d\d:40\.120000001(Z|[+-]\d\d:\d\d)$/);
    expect(localTime(1_600_000_000_500_000_000n)).toMatch(/:40\.5(Z|[+-])/);
    expect(localTime(1_600_000_000_000_000_000n)).toMatch(/:40(Z|[+-])/);
  });
});
