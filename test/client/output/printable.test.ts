// Other people's text on a terminal.
import { describe, expect, it } from '@jest/globals';
import { printable, printableLines } from '../../../client/output/printable.js';

describe('printable', () => {
  it('leaves nothing that a terminal would act upon', () => {
    expect(printable('a\u001b]0;title\u0007b\u009b2Jc\rd\u2028e\u007f')).toBe('a ]0;title b 2Jc d e ');
    expect(printable('äöü 𝒳 "<&>"')).toBe('äöü 𝒳 "<&>"');
  });
});

describe('printableLines', () => {
  it('keeps lines and tabs', () => {
    expect(printableLines('2 errors occurred:\n\t* a\u001b[2J\n\n')).toBe(
      '2 errors occurred:\n\t* a [2J\n\n',
    );
  });
});
