import { expect, test } from '@jest/globals';
import { parseSize } from '../../../src/build/run/parse-size.js';

test.each([
  ['4096', 4096],
  ['64m', 64 * 1024 ** 2],
  ['64MB', 64 * 1024 ** 2],
  ['64MiB', 64 * 1024 ** 2],
  ['1.5g', 1.5 * 1024 ** 3],
  ['0', 0],
  ['10b', 10],
])('%s is a size', (text, size) => {
  expect(parseSize(text)).toBe(size);
});

test.each(['', 'm', '-1', '1x', '1e9', '1 m m', '999999999999999t'])('%j is no size', (text) => {
  expect(parseSize(text)).toBeUndefined();
});
