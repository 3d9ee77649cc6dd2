// Printing: the layout, and that nothing is lost on the way.
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { Interface, Type } from '../../src/idl/index.js';
import { printInterface, readInterface } from '../../src/idl/index.js';

const position = { line: 0, column: 0 };
const memberName = fc.stringMatching(/^[A-Z][A-Za-z0-9]{0,8}$/);
const fieldName = fc.stringMatching(/^[A-Za-z](?:_?[A-Za-z0-9]){0,8}$/);
const docLine = fc.string({ maxLength: 12 }).filter((line) => !/[\n\r\u2028\u2029]/.test(line));
// No text and one empty line are the same comment.
const doc = fc.array(docLine, { maxLength: 3 }).map((lines) => lines.join('\n'));

const { type, struct } = fc.letrec<{ type: Type; struct: Extract<Type, { kind: 'struct' }>; bare: Type }>(
  (tie) => ({
    type: fc.oneof(
      { maxDepth: 4 },
      tie('bare'),
      tie('bare').map((element): Type => ({ kind: 'nullable', element })),
    ),
    bare: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<Type>(
        { kind: 'bool' },
        { kind: 'int' },
        { kind: 'string' },
        { kind: 'object' },
        { kind: 'any' },
      ),
      memberName.map((name): Type => ({ kind: 'named', name, position })),
      tie('type').map((element): Type => ({ kind: 'array', element })),
      tie('type').map((element): Type => ({ kind: 'map', element })),
      tie('struct'),
      fc
        .array(fc.record({ name: fieldName, doc, position: fc.constant(position) }), {
          minLength: 1,
          maxLength: 4,
        })
        .map((values): Type => ({ kind: 'enum', values })),
    ),
    struct: fc
      .array(fc.record({ name: fieldName, type: tie('type'), doc, position: fc.constant(position) }), {
        maxLength: 4,
      })
      .map((fields) => ({ kind: 'struct', fields })),
  }),
);

const base = { name: memberName, doc, position: fc.constant(position) };
const tree: fc.Arbitrary<Interface> = fc.record({
  name: fc.stringMatching(/^[a-z](?:-?[a-z0-9]){0,4}(?:\.[a-z0-9](?:-?[a-z0-9]){0,4}){1,3}$/),
  doc,
  position: fc.constant(position),
  members: fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('type' as const), ...base, type: struct }),
      fc.record({ kind: fc.constant('method' as const), ...base, input: struct, output: struct }),
      fc.record({ kind: fc.constant('error' as const), ...base, parameters: struct }),
    ),
    { maxLength: 5 },
  ),
});

const withoutPositions = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, inner: unknown) => (key === 'position' ? undefined : inner)));

describe('printInterface', () => {
  it('gives a text that parses to the same tree', () => {
    fc.assert(
      fc.property(tree, (original) => {
        expect(withoutPositions(readInterface(printInterface(original)))).toEqual(withoutPositions(original));
      }),
    );
  });

  it('gives the same text for what it has printed', () => {
    fc.assert(
      fc.property(tree, (original) => {
        const text = printInterface(original);
        expect(printInterface(readInterface(text))).toBe(text);
      }),
    );
  });

  it('has a type to print for every kind', () => {
    const kinds = new Set(fc.sample(type, 500).map(({ kind }) => kind));
    expect([...kinds]).toEqual(
      expect.arrayContaining(['array', 'map', 'nullable', 'struct', 'enum', 'named']),
    );
  });

  it('breaks only what does not fit 80 columns', () => {
    const text = [
      'interface org.example.x',
      'method Short(a: int, b: int) -> (c: string)',
      `method LongOutput() -> (${'a'.repeat(30)}: string, ${'b'.repeat(30)}: string)`,
      `method LongInput(${'a'.repeat(30)}: string, ${'b'.repeat(30)}: string) -> (c: int)`,
      'type T (a: int, # not a comment of b\n# of b\nb: (c, d))',
    ].join('\n');
    expect(printInterface(readInterface(text))).toBe(`interface org.example.x

method Short(a: int, b: int) -> (c: string)

method LongOutput() -> (
  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: string,
  bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb: string
)

method LongInput(
  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: string,
  bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb: string
) -> (c: int)

type T (
  a: int,
  # of b
  b: (c, d)
)
`);
  });
});
