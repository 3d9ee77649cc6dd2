// podman's way to give a flag a value.
import { describe, expect, it } from '@jest/globals';
import { expandFlags } from '../../client/flags.js';

const flags = new Map([
  ['--quiet', ''],
  ['-q', ''],
  ['--human', '--no-human'],
  ['-H', '--no-human'],
]);

describe('expandFlags', () => {
  it.each([
    [
      ['--quiet=true', 'a'],
      ['--quiet', 'a'],
    ],
    [['-q=1'], ['-q']],
    [['--quiet=false', 'a'], ['a']],
    [['--human=F'], ['--no-human']],
    [['-H=0'], ['--no-human']],
    [['--quiet=maybe'], ['--quiet=maybe']],
    [['--format=true'], ['--format=true']],
    [
      ['--', '-q=false'],
      ['--', '-q=false'],
    ],
    [['a=false'], ['a=false']],
  ])('puts %j as %j', (args, expected) => {
    expect(expandFlags(args, flags)).toEqual(expected);
  });
});
