// Sizes and ages in podman's words; the expected texts were taken from podman 4.3.
import { describe, expect, it } from '@jest/globals';
import { humanAge, humanSize, longDate } from '../../../client/output/units.js';

describe('humanSize', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1 kB'],
    [2048, '2.05 kB'],
    [6138, '6.14 kB'],
    [25_652, '25.7 kB'],
    [999_400, '999 kB'],
    [999_500, '1 MB'],
    [3_005_456, '3.01 MB'],
    [104_700_000, '105 MB'],
    [1.5e9, '1.5 GB'],
    [2e18, '2 EB'],
    [Number.MAX_SAFE_INTEGER * 1024, '9.22 EB'],
  ])('prints %d bytes as %s', (bytes, text) => {
    expect(humanSize(bytes)).toBe(text);
  });
});

describe('humanAge', () => {
  const hour = 3600;
  const day = 24 * hour;
  it.each([
    [-5, 'Less than a second ago'],
    [0.9, 'Less than a second ago'],
    [1.9, '1 second ago'],
    [32, '32 seconds ago'],
    [65, 'About a minute ago'],
    [119, 'About a minute ago'],
    [120, '2 minutes ago'],
    [59.9 * 60, '59 minutes ago'],
    [hour, 'About an hour ago'],
    [1.49 * hour, 'About an hour ago'],
    [1.5 * hour, '2 hours ago'],
    [28 * hour, '28 hours ago'],
    [47.4 * hour, '47 hours ago'],
    [47.5 * hour, '2 days ago'],
    [12 * day, '12 days ago'],
    [14 * day, '2 weeks ago'],
    [40 * day, '5 weeks ago'],
    [60 * day, '2 months ago'],
    [400 * day, '13 months ago'],
    [800 * day, '2 years ago'],
    [2025 * 365.25 * day, '292 years ago'],
  ])('says of %d seconds: %s', (seconds, text) => {
    expect(humanAge(seconds * 1000)).toBe(text);
  });
});

describe('longDate', () => {
  it.each([
    ['1970-01-01T00:00:00Z', 'Thu Jan  1 00:00:00 1970'],
    ['2026-11-21T09:13:02.5Z', 'Sat Nov 21 09:13:02 2026'],
    ['2024-02-29T23:59:59+02:00', 'Thu Feb 29 21:59:59 2024'],
  ])('prints %s as %s', (text, expected) => {
    expect(longDate(new Date(text))).toBe(expected);
  });
});
