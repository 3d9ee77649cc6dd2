// How wide text is.
import { describe, expect, it } from '@jest/globals';
import { columnsOf, cutToColumns, endOfColumns } from '../../../client/output/columns.js';

describe('columns', () => {
  it.each([
    ['', 0],
    ['plain', 5],
    ['größer', 6],
    ['日本語', 6],
    ['한글', 4],
    ['ｆｕｌｌ', 8],
    ['ｶﾀｶﾅ', 4],
    ['e\u0301', 1],
    ['🚀', 2],
    ['❤\ufe0f', 2],
    ['a\u200bb', 2],
  ])('are counted as terminals do: %j', (text, columns) => {
    expect(columnsOf(text)).toBe(columns);
  });

  it('cut text between characters, never one too late', () => {
    expect(['日本', '日本', '日', '日', ''].map((_, index) => cutToColumns('日本', 5 - index))).toEqual([
      '日本',
      '日本',
      '日',
      '日',
      '',
    ]);
    expect(cutToColumns('ae\u0301b', 2)).toBe('ae\u0301');
  });

  it('keep the end of a name behind an ellipsis', () => {
    expect(endOfColumns('archive.tar', 11)).toBe('archive.tar');
    expect(endOfColumns('/a/long/archive.tar', 12)).toBe('…archive.tar');
    expect(endOfColumns('日本語.tar', 8)).toBe('…語.tar');
  });
});
