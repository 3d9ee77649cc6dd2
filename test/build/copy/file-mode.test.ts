import { expect, it } from '@jest/globals';

import { parseMode } from '../../../src/build/copy/file-mode.js';

// Each as chmod(1) does it with a umask of 0.
it.each([
  ['755', 0o600, false, 0o755],
  ['4711', 0o600, true, 0o4711],
  ['0644', 0o7777, false, 0o644],
  ['u+x', 0o644, false, 0o744],
  ['+x', 0o644, false, 0o755],
  ['go-rwx', 0o777, false, 0o700],
  ['a=r', 0o7777, false, 0o444],
  ['u=rwX,go=rX', 0o644, false, 0o644],
  ['u=rwX,go=rX', 0o700, true, 0o755],
  ['g=u', 0o640, false, 0o660],
  ['o=g-w', 0o660, false, 0o664],
  ['u+s', 0o755, false, 0o4755],
  ['g+s', 0o755, true, 0o2755],
  ['+t', 0o777, true, 0o1777],
  ['u-s', 0o6755, false, 0o2755],
])('%s makes of %o (directory: %j) %o', (text, mode, isDirectory, expected) => {
  expect(parseMode(text)(mode, isDirectory).toString(8)).toBe(expected.toString(8));
});

it.each(['', '888', '77777', 'rwx', 'u+y', 'u', 'u+x,', '-1'])('refuses %j', (text) => {
  expect(() => parseMode(text)).toThrow('parsing chmod');
});
