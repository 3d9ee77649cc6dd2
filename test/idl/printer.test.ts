// Printing: the layout, and that nothing is lost on the way.
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { EnumType, Interface, StructType, Type } from '../../src/idl/index.js';
import { printInterface, readInterface } from '../../src/idl/index.js';

const position = { line: 0, column: 0 };
const memberName = fc.stringMatching(/^[A-Z][A-Za-z0-9]{0,8}$/);
const fieldName = fc.stringMatching(/^[A-Za-z](?:_?[A-Za-z0-9]){0,8}$/);
const commentLine = fc.string({ maxLength: 12 }).filter((line) => !/[\n\r\u2028\u2029]/.test(line));
// As documentation, no text and one empty line are the same.
const block = fc.array(commentLine, { minLength: 1, maxLength: 3 }).map((lines) => lines.join('\n'));
const comments = {
  doc: fc.oneof(fc.constant(''), block),
  above: fc.array(block, { maxLength: 2 }),
  behind: fc.option(commentLine, { nil: undefined }),
};
const item = { name: fieldName, ...comments, position: fc.constant(position) };
const tail = fc.array(block, { maxLength: 2 });

type Ties = { type: Type; bare: Type; struct: StructType; enum: EnumType };

const ties = fc.letrec<Ties>((tie) => ({
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
    tie('enum'),
  ),
  enum: fc.record({
    kind: fc.constant('enum' as const),
    values: fc.array(fc.record(item), { minLength: 1, maxLength: 4 }),
    tail,
  }),
  struct: fc.record({
    kind: fc.constant('struct' as const),
    fields: fc.array(fc.record({ ...item, type: tie('type') }), { maxLength: 4 }),
    tail,
  }),
}));

const { type, struct } = ties;
const base = { name: memberName, ...comments, position: fc.constant(position) };
const tree: fc.Arbitrary<Interface> = fc.record({
  name: fc.stringMatching(/^[a-z](?:-?[a-z0-9]){0,4}(?:\.[a-z0-9](?:-?[a-z0-9]){0,4}){1,3}$/),
  ...comments,
  position: fc.constant(position),
  tail,
  members: fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('type' as const), ...base, type: fc.oneof(struct, ties.enum) }),
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

  it('keeps every comment, and makes none of them documentation', () => {
    const text = `#Licence.

# About it.
interface org.example.x # i
# cut off

# A type.
type T( # open
  # a, cut off

  # A field.
  a: int # behind a
  , # behind the comma
  # Of b.
  b # not quite
  :
  (c, d # behind d
  # last of it
  )
  #
) # behind T
method M() # loose
  -> (
  # nothing in it
  )
# at the end

# of the file`;
    const formatted = `# Licence.

# About it.
interface org.example.x # i

# cut off

# A type.
type T (
  # open

  # a, cut off

  # A field.
  a: int, # behind a
  # behind the comma

  # Of b.
  b: (
    # not quite

    c,
    d # behind d
    # last of it
  )
  #
) # behind T

method M() -> (
  # loose

  # nothing in it
)

# at the end

# of the file
`;
    expect(printInterface(readInterface(text))).toBe(formatted);
    expect(printInterface(readInterface(formatted))).toBe(formatted);
  });

  it('has a type to print for every kind', () => {
    const kinds = new Set(fc.sample(type, 500).map(({ kind }) => kind));
    expect([...kinds]).toEqual(
      expect.arrayContaining(['array', 'map', 'nullable', 'struct', 'enum', 'named']),
    );
  });

  it('counts a comma that ends a line', () => {
    const name = 'x'.repeat(73);
    const wide = printInterface(readInterface(`interface a.b\ntype T (${name}: (a), b: int)`));
    expect(wide).toContain(`  ${name}: (\n    a\n  ),\n`);
    const exact = printInterface(readInterface(`interface a.b\ntype T (${name}: (a))`));
    expect(exact).toContain(`  ${name}: (a)\n`);
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
  a: int, # not a comment of b
  # of b
  b: (c, d)
)
`);
  });
});
