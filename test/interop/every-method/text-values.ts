// Parameters of the right types with what callers write into text fields: names, ids, places, and what is none of them.
import * as fc from 'fast-check';

import type { MethodMember, StructType, Type } from '../../../src/idl/index.js';
import type { Contract } from './wrong-values.js';

const transports = ['docker://', 'docker-archive:', 'oci-archive:', 'oci:', 'dir:', 'containers-storage:'];
const keys = [
  'label',
  'dangling',
  'reference',
  'id',
  'since',
  'until',
  'event',
  'image',
  'type',
  'container',
];

/** Any text, likely one that means something: `known` are names and ids that are in use. */
export function texts(known: readonly string[]): fc.Arbitrary<string> {
  const one = fc.constantFrom(...known);
  const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  const tag = fc.stringMatching(/^[\w][\w.-]{0,12}$/);
  const digest = fc.stringMatching(/^sha256:[0-9a-f]{64}$/);
  const path = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join('/'));
  const name = fc.oneof(
    one,
    path,
    fc.tuple(path, tag).map(([path, tag]) => `${path}:${tag}`),
  );
  const part = fc.tuple(one, fc.nat(70)).map(([text, length]) => text.slice(0, length));
  const join = (arbitrary: fc.Arbitrary<readonly string[]>, glue: string): fc.Arbitrary<string> =>
    arbitrary.map((parts) => parts.join(glue));
  return fc.oneof(
    { weight: 4, arbitrary: name },
    part,
    join(fc.tuple(name, digest), '@'),
    join(fc.tuple(fc.constantFrom(...transports), name), ''),
    join(fc.tuple(fc.constantFrom(...keys), fc.oneof(name, fc.constantFrom('1h', '0', 'true'))), '='),
    fc.constantFrom('oci', 'docker', 'v2s2', 'docker-archive', 'CMD /x', 'USER=1', '..', '*', '1700000000'),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ unit: 'grapheme', maxLength: 300 }),
  );
}

/** Parameters as they are declared, in which every text is one of `text`. */
export function parametersOf(
  contract: Contract,
  { input }: MethodMember,
  text: fc.Arbitrary<string>,
): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  return struct(contract, input, text);
}

function struct(
  contract: Contract,
  { fields }: StructType,
  text: fc.Arbitrary<string>,
): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  const members = fields.map(({ name, type }) => [name, value(contract, type, text)] as const);
  return fc.record(Object.fromEntries(members));
}

function value(contract: Contract, type: Type, text: fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'bool':
      return fc.boolean();
    case 'int':
      return fc.oneof(fc.constantFrom(0, 1, -1), fc.integer({ min: -10, max: 1000 }), fc.maxSafeInteger());
    case 'float':
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case 'string':
      return text;
    case 'array':
      return fc.array(value(contract, type.element, text), { maxLength: 3 });
    case 'map':
      return fc.dictionary(text, value(contract, type.element, text), { maxKeys: 3 });
    case 'nullable':
      return fc.option(value(contract, type.element, text), { nil: null, freq: 2 });
    case 'enum':
      return fc.constantFrom(...type.values.map(({ name }) => name));
    case 'struct':
      return struct(contract, type, text);
    case 'named':
      return value(contract, contract.named(type.name), text);
    default:
      return fc.jsonValue();
  }
}
