// What a description must hold beyond the grammar.
import { describe, expect, it } from '@jest/globals';
import { checkInterface, readInterface } from '../../src/idl/index.js';

function problems(members: string): string[] {
  return checkInterface(readInterface(`interface org.example.x\n${members}`)).map(
    (problem) => problem.message,
  );
}

describe('checkInterface', () => {
  it('finds nothing wrong with types that use each other in any order', () => {
    expect(
      problems(
        'type A (b: B, again: ?A, more: []A, named: [string]A)\ntype B (c: (x, y))\nmethod A1(a: A) -> ()',
      ),
    ).toEqual([]);
  });

  it('names everything that is there twice, in the order of the text', () => {
    expect(
      problems(
        'type A (a: int, a: int)\nmethod B(x: (p, q, p)) -> ()\nerror A ()\ntype C (s: (t: int, t: int))',
      ),
    ).toEqual([
      '2:17: the field a is there twice',
      '3:20: the value p is there twice',
      '4:1: A is declared twice',
      '5:21: the field t is there twice',
    ]);
  });

  it('names types that are not there, and methods and errors that are no types', () => {
    expect(problems('method M(a: []Gone, b: M) -> (c: ?E)\nerror E (d: [string](x: Lost))')).toEqual([
      '2:15: there is no type Gone',
      '2:24: there is no type M',
      '2:35: there is no type E',
      '3:25: there is no type Lost',
    ]);
  });

  it('refuses structs that no value can fill', () => {
    expect(problems('type A (b: B)\ntype B (c: (d: A))')).toEqual(['2:1: A holds itself without end']);
    expect(problems('type A (a: A)')).toEqual(['2:1: A holds itself without end']);
  });

  it('judges a long chain of types', () => {
    const types = Array.from(
      { length: 50_000 },
      (_, i) => `type T${i} (next: ${i === 49_999 ? 'int' : `T${i + 1}`})`,
    );
    expect(problems(types.join('\n'))).toEqual([]);
  });
});
