import { describe, expect, it } from '@jest/globals';
import { eventTime } from '../../../src/runtime/events/event-time.js';

const second = 1_000_000_000n;
const now = 1_600_000_000n * second;

describe('a time that GetEvents is given', () => {
  it.each([
    ['2020-09-13T12:26:40Z', now],
    ['2020-09-13T14:26:40+02:00', now],
    ['2020-09-13T12:26:40.000000001Z', now + 1n],
    ['2020-09-13T12:26:40', now],
    ['2020-09-13T12:26:40.5', now + second / 2n],
    ['2020-09-13', 1_599_955_200n * second],
    ['2020-09-13Z', 1_599_955_200n * second],
    ['2020-09-13+02:00', 1_599_948_000n * second],
    ['1600000000', now],
    ['1600000000.000000001', now + 1n],
    ['0', 0n],
    ['-1.5', -1_500_000_000n],
  ])('is a point in time: %s', (text, expected) => {
    expect(eventTime(text, 'ago', 0n)).toBe(expected);
  });

  it.each([
    ['1h', 3600n * second],
    ['1h30m', 5400n * second],
    ['1.5s', 1_500_000_000n],
    ['.5s', 500_000_000n],
    ['10us3ns', 10_003n],
    ['7µs', 7_000n],
    ['-1h', -3600n * second],
  ])('is a duration of Go, back for since and ahead for until: %s', (text, distance) => {
    expect(eventTime(text, 'ago', now)).toBe(now - distance);
    expect(eventTime(text, 'ahead', now)).toBe(now + distance);
  });

  it.each([
    '',
    'yesterday',
    '2020-02-30',
    '2020-13-01',
    '2020-01-01T24:00:00Z',
    '2020-01-01 00:00:00',
    '1h 30m',
    'h',
    '.h',
    '99999999999h',
    '1'.repeat(100_000),
  ])('is refused when it is none: %.20s', (text) => {
    expect(eventTime(text, 'ago', now)).toBeUndefined();
  });
});
