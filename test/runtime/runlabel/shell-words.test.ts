import { describe, expect, it } from '@jest/globals';
import { quoteWords, shellWords } from '../../../src/runtime/runlabel/shell-words.js';

const values: Readonly<Record<string, string>> = {
  A: 'x',
  OPTS: ' -v /a:/b  -t ',
  EMPTY: '',
  Q: `it's "$A"`,
};

function words(text: string): string[] {
  return shellWords(text, (name) => values[name] ?? '');
}

describe('the words of a label', () => {
  it.each([
    ['', []],
    ['  a\tb\n c ', ['a', 'b', 'c']],
    [`a 'b c' "d e"f`, ['a', 'b c', 'd ef']],
    [`'' "" x''`, ['', '', 'x']],
    [String.raw`a\ b \"c "d\"e" 'f\'`, ['a b', '"c', 'd"e', 'f\\']],
    ['a #b c\nd#e', ['a', 'd#e']],
    ['$A ${A}y "$A y" \'$A\' \\$A', ['x', 'xy', 'x y', '$A', '$A']],
    [
      'run $OPTS "$OPTS" z$OPTS.',
      ['run', '-v', '/a:/b', '-t', ' -v /a:/b  -t ', 'z', '-v', '/a:/b', '-t', '.'],
    ],
    ['a $EMPTY "$EMPTY" $UNKNOWN b', ['a', '', 'b']],
    ['$Q', ["it's", '"$A"']],
    ['$ $$ ${ $1 100$', ['$', '$$', '${', '$1', '100$']],
    ['a; b && c | d > e `f` $(g) *', ['a;', 'b', '&&', 'c', '|', 'd', '>', 'e', '`f`', '$(g)', '*']],
  ])('are those of a shell: %j', (text, expected) => {
    expect(words(text)).toEqual(expected);
  });

  it.each([
    [`a 'b`, 'EOF found when expecting closing quote'],
    ['a "b', 'EOF found when expecting closing quote'],
    ['a\\', 'EOF found after escape character'],
  ])('have to end: %s', (text, reason) => {
    expect(() => words(text)).toThrow(reason);
  });

  it('can be typed again', () => {
    const typed = ['a', 'b c', "it's", '', '$A', '--x=/y:1'];
    expect(quoteWords(typed)).toBe(`a 'b c' 'it'\\''s' '' '$A' --x=/y:1`);
  });
});
