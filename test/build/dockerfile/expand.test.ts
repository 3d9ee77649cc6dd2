import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { expandHeredoc, expandWord, expandWords } from '../../../src/build/dockerfile/expand.js';
import type { Scope } from '../../../src/build/dockerfile/expand.js';
import { SubstitutionError } from '../../../src/build/dockerfile/substitution-error.js';

const variables = {
  dir: '/srv',
  empty: '',
  file: 'a/b/c.tar.gz',
  gap: 'one  two',
  edges: ' in ',
  kanji: '漢字😀x',
  stars: 'a*b*c',
  _x9: 'nine',
  ñandú: 'ave',
};

function scope(escape = '\\'): Scope {
  const map = new Map(Object.entries(variables));
  return { escape, get: (name) => map.get(name) };
}

/** What comes of a text: a string, or the name of the error. */
function outcome(raw: string): string {
  try {
    return typeof expandWord(raw, scope());
  } catch (error) {
    return (error as Error).name;
  }
}

describe('a word', () => {
  it.each([
    ['is itself without anything special', 'plain', 'plain'],
    ['keeps its blanks', 'a  b\tc', 'a  b\tc'],
    ['loses single quotes', `a'b c'd`, 'ab cd'],
    ['loses double quotes', `a"b c"d`, 'ab cd'],
    ['keeps quotes of the other kind', `"it's"'"'`, `it's"`],
    ['keeps everything in single quotes', String.raw`'$dir\n"'`, String.raw`$dir\n"`],
    ['loses an escape outside of quotes', String.raw`a\tb\\c\'`, String.raw`atb\c'`],
    ['keeps most escapes in double quotes', String.raw`"a\tb"`, String.raw`a\tb`],
    ['loses an escape before a special character in double quotes', String.raw`"\"\$dir\\"`, '"$dir\\'],
    ['loses an escape at its end', 'a\\', 'a'],
    ['is empty if its quotes are', `""''`, ''],
    ['takes a variable', '$dir', '/srv'],
    ['takes a variable in braces', '${dir}x', '/srvx'],
    ['takes variables in double quotes', '"$dir ${dir}"', '/srv /srv'],
    ['ends names where they end', '$dir.$dir-$_x9/', '/srv./srv-nine/'],
    ['takes nothing for an unset variable', 'a${no}b$no', 'ab'],
    ['tells upper from lower case', '$DIR', ''],
    ['keeps a dollar sign that names nothing', '$ $. $/', '$ $. $/'],
    ['keeps an escaped dollar sign', String.raw`\$dir \${dir}`, '$dir ${dir}'],
    ['knows no positions', '$1$9z$123$0', 'z'],
    ['knows no positions in braces', '${1}${42}', ''],
    ['has defaults for positions', '${1:-one}${2:+two}', 'one'],
    ['knows no special parameters', 'a$@$*$#b', 'ab'],
    ['keeps what other shell parameters are', '$?$-$!$$dir', '$?$-$!$/srv'],
    ['knows no special parameters in braces', '${@}${*}${#}${?}${-}${!}${$}${?:-a}', 'a'],
    ['has names of any alphabet', '$ñandú.$dirñ.', 'ave..'],
    ['keeps the blanks of variables', '$gap$edges|', 'one  two in |'],
    ['does not look into values', "${no:-'$dir'}", '$dir'],
  ])('%s', (_, raw, expected) => {
    expect(expandWord(raw, scope())).toBe(expected);
  });

  it.each([
    ['${no:-w}', 'w'],
    ['${empty:-w}', 'w'],
    ['${dir:-w}', '/srv'],
    ['${no-w}', 'w'],
    ['${empty-w}', ''],
    ['${no:+w}', ''],
    ['${empty:+w}', ''],
    ['${dir:+w}', 'w'],
    ['${no+w}', ''],
    ['${empty+w}', 'w'],
    ['${dir:?w}', '/srv'],
    ['${empty?w}', ''],
    ['${no:-}', ''],
    ['${no:-$dir}', '/srv'],
    ['${no:-${empty:-${dir}/x}}', '/srv/x'],
    ['${no:-a b}', 'a b'],
    ['${no:-"a  b"}', 'a  b'],
    ["${no:-'}'}", '}'],
    [String.raw`${'$'}{no:-\}}`, '}'],
    ['"${no:-"q"}"', 'q'],
    ['${no:-{a}b', '{ab'],
    ['${dir:+${no:-${dir:+deep}}}', 'deep'],
    ['${dir}}', '/srv}'],
    ['${no:-a:b}', 'a:b'],
    ['${no:-漢}字', '漢字'],
  ])('%s is %s', (raw, expected) => {
    expect(expandWord(raw, scope())).toBe(expected);
  });

  it.each([
    ['${file#*/}', 'b/c.tar.gz'],
    ['${file##*/}', 'c.tar.gz'],
    ['${file%.*}', 'a/b/c.tar'],
    ['${file%%.*}', 'a/b/c'],
    ['${file%/*}', 'a/b'],
    ['${file%%/*}', 'a'],
    ['${file#a/}', 'b/c.tar.gz'],
    ['${file#b}', 'a/b/c.tar.gz'],
    ['${file%.gz}', 'a/b/c.tar'],
    ['${file#?/}', 'b/c.tar.gz'],
    ['${file##?*/?}', '.tar.gz'],
    ['${file#*}', 'a/b/c.tar.gz'],
    ['${file##*}', ''],
    ['${file#}', 'a/b/c.tar.gz'],
    ['${kanji#?}', '字😀x'],
    ['${kanji%?x}', '漢字'],
    [String.raw`${'$'}{stars#*\*}`, 'b*c'],
    [String.raw`${'$'}{stars%%\**}`, 'a'],
    ['${no#x}', ''],
    ['${file#${no:-a}/}', 'b/c.tar.gz'],
    ['${file/b/X}', 'a/X/c.tar.gz'],
    ['${file/\\//-}', 'a-b/c.tar.gz'],
    ['${file//\\//-}', 'a-b-c.tar.gz'],
    ['${file//./}', 'a/b/ctargz'],
    ['${file/.*/}', 'a/b/c'],
    ['${file//?/.}', '............'],
    ['${file/*/all}', 'all'],
    ['${file//*/all}', 'all'],
    ['${empty/*/all}', 'all'],
    ['${file/nothing/x}', 'a/b/c.tar.gz'],
    ['${file//a/$dir}', '/srv/b/c.t/srvr.gz'],
    ['${file/b/$1&}', 'a/&/c.tar.gz'],
    ['${kanji/😀/}', '漢字x'],
    ['${file//[ab]/x}', 'a/b/c.tar.gz'],
  ])('%s is %s', (raw, expected) => {
    expect(expandWord(raw, scope())).toBe(expected);
  });

  it('has the other escape character where the directive says so', () => {
    expect(expandWord('C:\\dir`$dir\\$dir`"', scope('`'))).toBe('C:\\dir$dir\\/srv"');
  });

  it.each([
    ['an open double quote', '"abc', /"\\"abc": .* double-quote/],
    ['an open single quote', "it's", /single-quote/],
    ['a double quote that is escaped', String.raw`"a\"`, /double-quote/],
    ['an open brace', '${dir', /missing '\}'/],
    ['an open brace behind an operator', '${dir:', /missing '\}'/],
    ['an open brace in a word', '${dir:-a${b}', /matching \}/],
    ['nothing in braces', '${}', /bad substitution/],
    ['no name in braces', '${:-x}', /bad substitution/],
    ['braces in braces', '${{dir}', /bad substitution/],
    ['a name that is none', '${.}', /bad substitution/],
    ['assignment', '${dir:=x}', /unsupported modifier \(:=\)/],
    ['an operator that is none', '${dir!x}', /unsupported modifier \(!\)/],
    ['no slash behind a pattern', '${dir/a}', /matching \//],
    ['an escape of nothing special in a pattern', String.raw`${'$'}{dir#\a}`, /invalid escape '\\a'/],
    ['an unset variable that must be set', '${no:?say so}', /^no: say so$/],
    ['an empty variable that must not be', '${empty:?}', /^empty: is not allowed to be empty$/],
    ['an unset variable', '${no?}', /^no: is not allowed to be unset$/],
    ['nesting past all measure', '${a:-'.repeat(200) + '}'.repeat(200), /nested deeper/],
    ['replacements past all measure', '${dir//?/xxxxxxxxxx}'.repeat(30_000), /take too long/],
    ['a value past all measure', '$dir'.repeat(500_000), /more than \d+ characters/],
  ])('is refused for %s', (_, raw, message) => {
    expect(() => expandWord(raw, scope())).toThrow(SubstitutionError);
    expect(() => expandWord(raw, scope())).toThrow(message);
  });

  it('does not wait for a pattern that matches everywhere and nowhere', () => {
    const value = 'a'.repeat(100_000);
    const hostile: Scope = { escape: '\\', get: () => value };
    expect(expandWord(`\${v#${'*a'.repeat(50)}*b}`, hostile)).toBe(value);
    expect(() => expandWord(`\${v##*${'a'.repeat(50_000)}b}`, hostile)).toThrow(/take too long/);
  });

  it('is what it was, whatever it is, in single quotes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(expandWord(`'${text.replaceAll("'", `'"'"'`)}'`, scope())).toBe(text);
      }),
    );
  });

  it('is expanded or refused, never anything else', () => {
    const pieces = fc.constantFrom(
      '$',
      '{',
      '}',
      '${',
      ':-',
      '#',
      '%',
      '/',
      '"',
      "'",
      '\\',
      'a',
      'dir',
      ' ',
      '*',
      '?',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
        expect(['string', 'SubstitutionError']).toContain(outcome(parts.join('')));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('words', () => {
  it.each([
    ['are separated by blanks', 'a  b\tc', ['a', 'b', 'c']],
    ['are separated by the blanks of variables', 'x${gap}y', ['xone', 'twoy']],
    ['are not separated by blanks in quotes', `x"$gap"y 'a b'`, ['xone  twoy', 'a b']],
    ['are not separated by an escaped blank', String.raw`a\ b c`, ['a b', 'c']],
    ['begin and end at the blanks of variables', 'x${edges}y', ['x', 'in', 'y']],
    ['are separated in defaults', '${no:-a b}', ['a', 'b']],
    ['are never empty', ` "" $no '' `, []],
    ['are joined to what stands next to them', `a""b`, ['ab']],
    ['may be of other alphabets', '$kanji 字', ['漢字😀x', '字']],
  ])('%s', (_, raw, expected) => {
    expect(expandWords(raw, scope())).toEqual(expected);
  });
});

describe('a here-document', () => {
  it('may be long where nothing is to be put in', () => {
    const body = 'nothing here\n'.repeat(200_000);
    expect(expandHeredoc(body, scope())).toBe(body);
    expect(() => expandHeredoc(`${body}$dir`, scope())).toThrow(/more than \d+ characters/);
  });

  it.each([
    ['takes variables', 'dir=$dir\n${no:-x}\n', 'dir=/srv\nx\n'],
    ['keeps its quotes', `"it's" '$dir'\n`, `"it's" '/srv'\n`],
    ['loses escapes', '\\$dir \\\\ \\n\n', '$dir \\ n\n'],
  ])('%s', (_, content, expected) => {
    expect(expandHeredoc(content, scope())).toBe(expected);
  });

  it('is escaped by the backslash whatever the directive says', () => {
    expect(expandHeredoc('`$dir` \\$dir', scope('`'))).toBe('`/srv` $dir');
  });
});
