// Parsing interface files: what is accepted, what is refused and where.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Type } from '../../src/idl/index.js';
import { IdlError, parseInterface, printInterface } from '../../src/idl/index.js';

const withMember = (member: string): string => `interface org.example.x\n${member}\n`;

function fieldType(type: string): Type {
  const tree = parseInterface(withMember(`type Other ()\ntype T (field: ${type})`));
  const member = tree.members[1];
  if (member?.kind !== 'type' || member.type.kind !== 'struct') throw new Error('no struct');
  const field = member.type.fields[0];
  if (field === undefined) throw new Error('no field');
  return field.type;
}

describe('parseInterface', () => {
  it('reads name, members and comments', () => {
    const tree = parseInterface(
      '# About it.\n#\n#   indented\ninterface org.example.x\n\n# A type.\ntype T (\n  # A field.\n  a: int, b: string\n)\n' +
        '\n# cut off\n\nmethod M() -> ()\nerror E (code: int)\n',
    );
    expect(tree).toMatchObject({
      name: 'org.example.x',
      doc: 'About it.\n\n  indented',
      members: [
        {
          kind: 'type',
          name: 'T',
          doc: 'A type.',
          type: {
            fields: [
              { name: 'a', doc: 'A field.' },
              { name: 'b', doc: '' },
            ],
          },
        },
        { kind: 'method', name: 'M', doc: '', input: { fields: [] }, output: { fields: [] } },
        { kind: 'error', name: 'E', parameters: { fields: [{ name: 'code' }] } },
      ],
    });
  });

  it.each<[string, object]>([
    ['bool', { kind: 'bool' }],
    ['any', { kind: 'any' }],
    ['Other', { kind: 'named', name: 'Other' }],
    ['?int', { kind: 'nullable', element: { kind: 'int' } }],
    ['[]?int', { kind: 'array', element: { kind: 'nullable', element: { kind: 'int' } } }],
    ['?[]?int', { kind: 'nullable', element: { kind: 'array', element: { kind: 'nullable' } } }],
    ['[][]T', { kind: 'array', element: { kind: 'array', element: { kind: 'named', name: 'T' } } }],
    ['[string][]string', { kind: 'map', element: { kind: 'array', element: { kind: 'string' } } }],
    ['[string]()', { kind: 'map', element: { kind: 'struct', fields: [] } }],
    ['(one)', { kind: 'enum', values: [{ name: 'one' }] }],
    ['(one, two)', { kind: 'enum', values: [{ name: 'one' }, { name: 'two' }] }],
    [
      '(a: int, b: (x, y))',
      { kind: 'struct', fields: [{ name: 'a' }, { name: 'b', type: { kind: 'enum' } }] },
    ],
  ])('reads the type %s', (text, type) => {
    expect(fieldType(text)).toMatchObject(type);
  });

  it.each([
    'interface a.b',
    'interface org.example.thing-2.x0',
    'interface a1.0b\n',
    'interface\torg.example.x # behind\r\nmethod\rM\u2028(\u00a0)\u2029->\ufeff()',
    'interface xn--lgbbat1ad8j.example.algeria',
    'interface a--1.B--1.c--1',
    'interface Com.Example.0.21',
    `interface a.${'b'.repeat(253)}`,
    '\ufeff\u180e interface a.b\u2028type\nT\n(\n)\u2029\u3000type U(a:[]?[string]())error E()'.replace(
      'error',
      '\rerror',
    ),
    'interface a.b\nmethod A(a:int)->(b:int)\ntype B(c)\ntype C(d:?B,e:?[](f),g:[string][]?B)\nerror D(h:C)',
    'interface a.b#\n#\n#\ntype#\nT#\n(#\na#\n:#\nint#\n,#\nb#\n:#\n(#\nc#\n,#\nd#\n)#\n)#',
    'interface a.b\ntype T (A: int, aB: int, a1_2: int, X_Y: int, x9: int)',
    'interface a.b\ntype Int ()\ntype String (a: Int, b: int)',
    `interface a.b\ntype T (a: ${'?[](a: '.repeat(64)}int${')'.repeat(64)})`,
    'interface a.b\nmethod M(type: int, method: bool, error: string, interface: object, string: float)->()',
  ])('accepts %j', (text) => {
    expect(() => parseInterface(text)).not.toThrow();
  });

  it.each([
    ['', '1:1: expected "interface", found the end of the text'],
    ['method M() -> ()', '1:1: expected "interface", found "method"'],
    ['interface example', '1:11: "example" is not an interface name'],
    ['interface 1a.b', '1:11: "1a.b" is not an interface name'],
    ['interface a.b-', '1:11: "a.b-" is not an interface name'],
    ['interface a..b', '1:11: "a..b" is not an interface name'],
    [`interface a.${'b'.repeat(254)}`, `1:11: "a.${'b'.repeat(78)}…" is not an interface name`],
    ['interface a.b method M() -> ()', '1:15: a member starts on a line of its own'],
    ['interface a.b\ntype T (); type U ()', '2:10: unexpected character ";"'],
    ['interface a.b\ntype T () type U ()', '2:11: a member starts on a line of its own'],
    [withMember('type t ()'), '2:6: "t" is not a name'],
    ['interface a.b\ninterface c.d', '2:1: expected "type", "method" or "error", found "interface"'],
    ['interface a.b\ntypeFoo()', '2:1: expected "type", "method" or "error", found "typeFoo"'],
    ['interface a.b\n\0', '2:1: unexpected character "\\u0000"'],
    ['interface a.b\n\ud800', '2:1: unexpected character "\\ud800"'],
    ['interface a.b\u0085', '1:14: unexpected character "\u0085"'],
    [withMember('type A ()\ntype A ()'), '3:1: A is declared twice'],
    [withMember('type A (a: bool[])'), '2:16: expected "," or ")", found "[]"'],
    [withMember('type A (a: [1]bool)'), '2:12: unexpected character "["'],
    [withMember('type A (a: []#\nint)'), '3:1: white space after "[]"'],
    [withMember('type A (a: ? int)'), '2:14: white space after "?"'],
    [withMember('type A (a int)'), '2:11: expected "," or ")", found "int"'],
    [withMember('type A (,)'), '2:9: expected a field name, found ","'],
    [withMember('type A (a: int b: int)'), '2:16: expected "," or ")", found "b"'],
    [withMember('type A (a: interface)'), '2:12: expected a type, found "interface"'],
    [withMember('type A (a: A)'), '2:1: A holds itself without end'],
    [withMember('method M -> ()'), '2:10: expected "(", found "->"'],
    [withMember('method M() - > ()'), '2:12: expected "->", found "-"'],
    [withMember('method M() -> string'), '2:15: expected "(", found "string"'],
    [withMember('method M() -> T\ntype T ()'), '2:15: expected "(", found "T"'],
    [withMember('error E (a, b)'), '2:9: expected fields with types, found an enum'],
    [withMember('type A_B ()'), '2:6: "A_B" is not a name'],
    [withMember('type A string'), '2:8: expected "(", found "string"'],
    [withMember('type A []B'), '2:8: expected "(", found "[]"'],
    [withMember('type A (a: int,)'), '2:16: expected a field name, found ")"'],
    [withMember('type A (a: int, b)'), '2:18: expected ":", found ")"'],
    [withMember('type A (a, b: int)'), '2:13: expected "," or ")", found ":"'],
    [withMember('type A (_a: int)'), '2:9: "_a" is not a field name'],
    [withMember('type A (a_: int)'), '2:9: "a_" is not a field name'],
    [withMember('type A (a__b: int)'), '2:9: "a__b" is not a field name'],
    [withMember('type A (a-b: int)'), '2:9: "a-b" is not a field name'],
    [withMember('type A (1a: int)'), '2:9: "1a" is not a field name'],
    [withMember('type A (a: ??int)'), '2:13: a type is nullable once'],
    [withMember('type A (a: [] int)'), '2:15: white space after "[]"'],
    [withMember('type A (a: [string] int)'), '2:21: white space after "[string]"'],
    [withMember('type A (a: [ string]int)'), '2:12: unexpected character "["'],
    [withMember('type A (a: integer)'), '2:12: expected a type, found "integer"'],
    [
      withMember('type A (a: org.example.y.T)'),
      '2:12: "org.example.y.T": only types of this file can be named',
    ],
    [withMember('method M() -> (a)'), '2:15: expected fields with types, found an enum'],
    [withMember('method M()'), '3:1: expected "->", found the end of the text'],
    [withMember('error E'), '3:1: expected "(", found the end of the text'],
    [withMember('type A (a: int'), '3:1: expected "," or ")", found the end of the text'],
    [withMember('type A (é: int)'), '2:9: unexpected character "é"'],
    [withMember('type A (😀: int)'), '2:9: unexpected character "😀"'],
  ])('refuses %j', (text, message) => {
    expect(() => parseInterface(text)).toThrow(IdlError);
    expect(() => parseInterface(text)).toThrow(message);
  });

  it('refuses types that would overflow the stack', () => {
    const deep = `interface a.b\ntype A (a: ${'(a: '.repeat(100_000)}`;
    expect(() => parseInterface(deep)).toThrow('types are nested more than 256 deep');
    expect(() => parseInterface(`interface a.b\ntype A (a: ${'[]'.repeat(100_000)}int)`)).toThrow('256 deep');
  });

  it.each(['io.podman', 'org.varlink.service'])('reads %s as it is laid out by the printer', (name) => {
    const text = readFileSync(`${import.meta.dirname}/../../interfaces/${name}.varlink`, 'utf8');
    expect(printInterface(parseInterface(text))).toBe(text);
  });
});
