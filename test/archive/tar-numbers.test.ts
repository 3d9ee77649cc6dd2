import { describe, expect, it } from '@jest/globals';
import { TarFormatError } from '../../src/archive/errors.js';
import { headerNumber, paxInteger, paxTime } from '../../src/archive/tar-numbers.js';

function field(bytes: string, length = 12): number {
  return headerNumber(Buffer.from(bytes.padEnd(length, '\0'), 'latin1'), 0, length);
}

describe('numbers in headers', () => {
  it.each([
    ['00000000644\0', 0o644],
    ['   644 \0', 0o644],
    ['644', 0o644],
    ['', 0],
    ['        ', 0],
    ['77777777777', 8_589_934_591],
    ['17\0garbage', 0o17],
    ['\x80\0\0\0\0\0\0\x01\0\0\0\0', 2 ** 32],
    [`${'\xff'.repeat(11)}\xfe`, -2],
  ])('reads %j', (text, value) => {
    expect(field(text)).toBe(value);
  });

  it.each(['8', '12a4', '-1', `\x80${'\xff'.repeat(11)}`, `\xbf${'\xff'.repeat(11)}`])(
    'refuses %j',
    (text) => {
      expect(() => field(text)).toThrow(TarFormatError);
    },
  );
});

describe('numbers in pax records', () => {
  it.each([
    ['0', 0],
    ['2147483648', 2_147_483_648],
    ['-7', -7],
  ])('reads the integer %s', (text, value) => {
    expect(paxInteger(text)).toBe(value);
  });

  it.each(['', '1.5', '0x10', '9007199254740993', '1e3', ' 1'])('refuses the integer %j', (text) => {
    expect(() => paxInteger(text)).toThrow(TarFormatError);
  });

  it.each([
    ['1350244992.023960108', 1_350_244_992, 23_960_108],
    ['1.5', 1, 500_000_000],
    ['7.', 7, 0],
    ['7', 7, 0],
    ['0.1234567899', 0, 123_456_789],
    ['-1.5', -2, 500_000_000],
    ['-1', -1, 0],
    ['-0.000000001', -1, 999_999_999],
  ])('reads the time %s', (text, seconds, nanoseconds) => {
    expect(paxTime(text)).toEqual({ seconds, nanoseconds });
  });

  it.each(['', '.5', '1.5.5', '1,5', 'now', '1e9'])('refuses the time %j', (text) => {
    expect(() => paxTime(text)).toThrow(TarFormatError);
  });
});
