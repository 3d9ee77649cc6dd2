// A line about bytes in every width.
import { describe, expect, it } from '@jest/globals';
import { columnsOf } from '../../../client/output/columns.js';
import { progressLine } from '../../../client/progress/progress-line.js';

const half = {
  label: 'Copying blob 4464c108a6cd',
  short: '4464c108a6cd',
  done: 123_000_000,
  total: 246_000_000,
  rate: 2_000_000,
};

describe('a line about bytes', () => {
  it('says less where there is less room, the most important last', () => {
    const lines = [200, 89, 88, 78, 70, 52, 40, 39, 27].map((columns) => progressLine(half, columns));
    expect(lines).toEqual([
      'Copying blob 4464c108a6cd [==========>---------] 123 MB / 246 MB 2 MB/s 1m02s left',
      'Copying blob 4464c108a6cd [==========>---------] 123 MB / 246 MB 2 MB/s 1m02s left',
      'Copying blob 4464c108a6cd [=====>----] 123 MB / 246 MB 2 MB/s 1m02s left',
      'Copying blob 4464c108a6cd 50% 123 MB / 246 MB 2 MB/s 1m02s left',
      'Copying blob 4464c108a6cd 50% 2 MB/s 1m02s left',
      '4464c108a6cd 50% 2 MB/s 1m02s left',
      '4464c108a6cd 50% 2 MB/s 1m02s left',
      '4464c108a6cd 50% 2 MB/s',
      '4464c108a6cd 50%',
    ]);
  });

  it.each([0, 1, 999, 99_949_999, 999_499_999, 2 ** 50])('fits from 18 columns on: %d of them', (done) => {
    for (let columns = 18; columns < 120; columns += 1) {
      for (const rate of [undefined, 0, 1, 999_000, 2 ** 40]) {
        const line = progressLine({ ...half, done, total: 2 ** 50, rate }, columns);
        expect([line, columnsOf(line) < columns]).toEqual([line, true]);
      }
    }
  });

  it.each([
    [1000, ' 1s left'],
    [59_000, ' 59s left'],
    [60_000, ' 1m00s left'],
    [3_599_000, ' 59m59s left'],
    [3_660_000, ' 1h01m left'],
    [500_000_000, ''],
    [0, ''],
  ])('tells how long %d ms are', (milliseconds, text) => {
    const line = progressLine({ ...half, done: 0, total: milliseconds, rate: 1000 }, 200);
    expect(line.replace(/^.*\/s/, '')).toBe(text);
  });
});
