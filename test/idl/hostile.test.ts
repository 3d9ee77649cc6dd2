// Texts made to overflow the stack, or to take time that grows faster than they do.
import { describe, expect, it } from '@jest/globals';
import {
  checkInterface,
  IdlError,
  parseInterface,
  printInterface,
  readInterface,
} from '../../src/idl/index.js';

const size = 1024 * 1024;
const head = 'interface a.b\n';
const fill = (text: string): string => text.repeat(size / text.length);
// Where every few characters are a token: enough to be minutes if the time grows faster than the text.
const tokens = (text: string): string => text.repeat(size / 8 / text.length);
const numbered = (count: number, text: (i: number) => string): string[] =>
  Array.from({ length: count }, (_, i) => text(i));

// Generous: each of them is done within a second, while the quadratic ones would take minutes.
const deadline = 20_000;

function refusal(text: string): unknown {
  try {
    return parseInterface(text);
  } catch (error) {
    return error;
  }
}

describe('a hostile text', () => {
  it.each([
    ['lists', `${head}type T (a: ${fill('[]')}int)`, '2:522: types are nested more than 256 deep'],
    ['maps', `${head}type T (a: ${fill('[string]')}int)`, 'types are nested more than 256 deep'],
    ['parentheses', `${head}type T ${fill('(')}`, '2:9: expected a field name, found "("'],
    ['structs', `${head}type T ${fill('(a: ')}`, 'types are nested more than 256 deep'],
    ['structs in lists', `${head}type T ${fill('(a:[]')}`, 'types are nested more than 256 deep'],
    ['question marks', `${head}type T (a: ${fill('?')}`, '2:13: a type is nullable once'],
    ['question marks and lists', `${head}type T (a: ${fill('?[]')}`, 'types are nested more than 256 deep'],
    ['one comment', `# ${fill('x')}`, '1:1048579: expected "interface", found the end of the text'],
    ['comments', fill('#\n'), '524289:1: expected "interface", found the end of the text'],
    ['comment blocks', fill('#\n\n'), 'expected "interface", found the end of the text'],
    ['line ends', fill('\r'), '1048577:1: expected "interface"'],
    ['spaces', fill(' '), '1:1048577: expected "interface"'],
    ['a word', `interface ${fill('x')}`, `1:11: "${'x'.repeat(80)}…" is not an interface name`],
    ['dashes', `interface ${fill('-')}`, `1:11: "${'-'.repeat(80)}…" is not an interface name`],
    ['dots and dashes', `interface a${fill('.a--')}-`, ' is not an interface name'],
    ['the name of a type', `${head}type A${fill('a')}_ ()`, '2:6: "Aaa'],
    ['the name of a field', `${head}type A (a${fill('_a')}_: int)`, '2:9: "a_a'],
    ['an unknown type', `${head}type A (a: A${fill('a')})`, '2:12: there is no type Aaaa'],
    [
      'a field again and again',
      `${head}type A (${tokens('a: int, ')}a: int)`,
      '2:17: the field a is there twice',
    ],
    ['a value again and again', `${head}type A (${tokens('a,')}a)`, '2:11: the value a is there twice'],
    ['a member again and again', `${head}${tokens('type A ()\n')}`, '3:1: A is declared twice'],
    [
      'unknown types',
      `${head}type A (${numbered(size / 64, (i) => `a${i}: B${i}`).join()})`,
      'there is no type B0',
    ],
  ])(
    'is refused in a moment: %s',
    (_, text, message) => {
      const error = refusal(text);
      expect(error).toBeInstanceOf(IdlError);
      expect((error as IdlError).message).toContain(message);
      expect((error as IdlError).message.length).toBeLessThan(200);
    },
    deadline,
  );

  it.each([
    ['comments', `${fill('#\n')}${head}`],
    ['a comment', `${head}# ${fill('x')}\n`],
    ['fields', `${head}type T (${numbered(size / 64, (i) => `a${i}: int`).join()})`],
    ['members', `${head}${numbered(size / 64, (i) => `type T${i} ()\n`).join('')}`],
    ['names', `${head}type T${fill('t')} (f${fill('f')}: ?T${fill('t')})`],
    ['comments in a list', `${head}type T (${fill('#\n')})`],
    [
      'depth',
      `${head}type T (${'a:?[]('.repeat(80)}${numbered(size / 64, (i) => `b${i}: int`).join()}${')'.repeat(80)})`,
    ],
  ])(
    'that is legal is read and laid out in a moment: %s',
    (_, text) => {
      const tree = readInterface(text);
      expect(checkInterface(tree)).toEqual([]);
      const printed = printInterface(tree);
      expect(printInterface(readInterface(printed))).toBe(printed);
    },
    deadline,
  );

  it('has at most a hundred problems', () => {
    expect(checkInterface(readInterface(`${head}type A (${tokens('a,')}a)`))).toHaveLength(100);
  });
});
