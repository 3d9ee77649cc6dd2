// Columns as podman lays them out.
import { describe, expect, it } from '@jest/globals';
import { formatTable, shorten } from '../../../client/output/table.js';

describe('formatTable', () => {
  it('makes every column but the last at least twelve wide', () => {
    expect(formatTable([['REPOSITORY', 'TAG', 'IMAGE ID', 'CREATED', 'SIZE']])).toBe(
      'REPOSITORY  TAG         IMAGE ID    CREATED     SIZE\n',
    );
  });

  it('makes a column two wider than its widest cell, counted in characters', () => {
    expect(
      formatTable([
        ['ID', 'NAME'],
        ['äöüäöüäöüäöüä', '𝒳'],
        ['a', 'b'],
      ]),
    ).toBe('ID             NAME\näöüäöüäöüäöüä  𝒳\na              b\n');
  });

  it('takes control characters out of the cells', () => {
    expect(formatTable([['a\tb\x1b[2J\u009bK\u2028c\x7f']])).toBe('a b [2J K c \n');
  });

  it('is empty without rows', () => {
    expect(formatTable([])).toBe('');
  });
});

describe('shorten', () => {
  it('keeps a text that fits and cuts at characters, not inside them', () => {
    expect(shorten('x'.repeat(45), 45)).toBe('x'.repeat(45));
    expect(shorten('𝒳'.repeat(46), 45)).toBe(`${'𝒳'.repeat(42)}...`);
  });
});
