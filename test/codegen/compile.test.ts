// Whatever an interface calls its things, its modules compile under the strictest options.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { generate } from '../../src/codegen/generate.js';
import type { EnumType, Interface, Member, SimpleKind, StructType, Type } from '../../src/idl/index.js';
import { printInterface } from '../../src/idl/index.js';

const root = join(import.meta.dirname, '../..');
const position = { line: 0, column: 0 };
const tail: readonly string[] = [];
const doc = fc.constantFrom(
  '',
  'Text of a Stream of Replies: checkIntList() */ `${x}`.',
  "[Supports 'more' flag]",
  "[Requires 'upgrade' flag]",
);
const comments = {
  doc,
  above: fc.constant(tail),
  behind: fc.constant(undefined),
  position: fc.constant(position),
};

// What JavaScript, TypeScript, the runtime and the generator know by name, and what becomes alike in TypeScript.
const memberName = fc.constantFrom(
  ...`Any Array Bool Boolean CallContext CallOptions CheckA CheckList Client Constructor Date Empty Error FieldError Fields Float
  Function HasOwnProperty Int IntList IntMap InterfaceDescriptor JSON Map NaN Nothing NullableInt Number Object Promise Proxy
  Readonly ReadonlySet Record Replies Set Stream String StringList StringListList Symbol Then ToString Transport Undefined
  UnknownField Upgraded ValueOf VarlinkError WithErrors WriteA Watch WatchMore WatchMoreReply WatchReply WatchUpgrade
  WatchParameters A AB ABc ABC Abc X1`.split(/\s+/),
);
const fieldName = fc.constantFrom(
  ...`a b aB a_b a_b_c a_bC aBC A B arguments async await break case catch class const constructor continue debugger default
  delete do else enum error eval export extends false fields finally for from function hasOwnProperty has_own_property if
  implements import in instanceof int interface isPrototypeOf key let list map message method name new null object of
  options package parameters path private protected public reason rest return stack static string super switch this throw
  then toString to_string true try type typeof undefined unknown value valueOf value_of var void while wire with yield
  NaN Infinity VarlinkError Promise x1 x_1 x1_2`.split(/\s+/),
);

function interfaceOf(name: string): fc.Arbitrary<Interface> {
  return fc.uniqueArray(memberName, { minLength: 1, maxLength: 12 }).chain((names) => {
    const count = Math.ceil(names.length / 2);
    const members = names.map((member, i) =>
      memberOf(member, i < count ? 'type' : undefined, names.slice(0, count)),
    );
    return fc.record({
      name: fc.constant(name),
      ...comments,
      members: fc.tuple(...members),
      tail: fc.constant(tail),
    });
  });
}

function memberOf(name: string, kind: 'type' | undefined, types: readonly string[]): fc.Arbitrary<Member> {
  const { struct, enumeration } = typesWith(types);
  const base = { name: fc.constant(name), ...comments };
  const type = fc.record({
    kind: fc.constant('type' as const),
    ...base,
    type: fc.oneof(struct, enumeration),
  });
  if (kind === 'type') return type;
  return fc.oneof(
    fc.record({ kind: fc.constant('method' as const), ...base, input: struct, output: struct }),
    fc.record({ kind: fc.constant('error' as const), ...base, parameters: struct }),
  );
}

type Ties = { type: Type; simple: Type; struct: StructType; enumeration: EnumType };

function typesWith(names: readonly string[]): fc.LetrecValue<Ties> {
  const wrapped = (element: fc.Arbitrary<Type>): fc.Arbitrary<Type> =>
    fc.record({ kind: fc.constantFrom('array' as const, 'map' as const, 'nullable' as const), element });
  return fc.letrec<Ties>((tie) => ({
    simple: fc
      .constantFrom<SimpleKind>('bool', 'int', 'float', 'string', 'object', 'any')
      .map((kind) => ({ kind })),
    type: fc.oneof(
      { maxDepth: 3 },
      tie('simple'),
      // Behind something that gives its values an end.
      wrapped(fc.constantFrom(...names).map((name): Type => ({ kind: 'named', name, position }))),
      wrapped(tie('type')).filter((type) => !(type.kind === 'nullable' && type.element.kind === 'nullable')),
      tie('struct'),
      tie('enumeration'),
    ),
    struct: fc.record({
      kind: fc.constant('struct' as const),
      fields: fc
        .uniqueArray(fieldName, { maxLength: 5 })
        .chain((all) =>
          fc.tuple(
            ...all.map((name) => fc.record({ name: fc.constant(name), ...comments, type: tie('type') })),
          ),
        ),
      tail: fc.constant(tail),
    }),
    enumeration: fc.record({
      kind: fc.constant('enum' as const),
      values: fc
        .uniqueArray(fieldName, { minLength: 1, maxLength: 4 })
        .chain((all) => fc.tuple(...all.map((name) => fc.record({ name: fc.constant(name), ...comments })))),
      tail: fc.constant(tail),
    }),
  }));
}

describe('generated modules', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'compile-'));
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  function compile(): string {
    const config = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        noEmit: true,
        rootDir: '/',
        types: ['node'],
        typeRoots: [join(root, 'node_modules/@types')],
      },
      include: [directory, join(root, 'test/codegen/golden')],
    };
    writeFileSync(join(directory, 'package.json'), '{"type": "module"}');
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config));
    const compiler = join(root, 'node_modules/.bin/tsc');
    const { stdout, status } = spawnSync(compiler, ['-p', directory], { encoding: 'utf8' });
    return stdout === '' && status !== 0 ? `tsc ended with ${status}` : stdout.slice(0, 4000);
  }

  it('compile whatever names meet in an interface', () => {
    const seed = 20_260;
    const interfaces = Array.from({ length: 60 }, (_, i) =>
      fc.sample(interfaceOf(`org.example.x${i}`), { numRuns: 1, seed: seed + i }),
    );
    for (const tree of [
      ...interfaces.flat(),
      ...fc.sample(interfaceOf('with.errors'), { numRuns: 1, seed }),
    ]) {
      const options = {
        source: 'x.varlink',
        rpc: join(root, 'src/rpc/index.js'),
        lenient: tree.name.endsWith('0'),
      };
      for (const [name, text] of generate(printInterface(tree), options))
        writeFileSync(join(directory, name), text);
    }
    expect(compile()).toBe('');
  });
});
