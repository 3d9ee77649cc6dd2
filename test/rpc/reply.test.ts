import { describe, expect, it } from '@jest/globals';
import { InvalidReplyError } from '../../src/rpc/connection-errors.js';
import { checkReply } from '../../src/rpc/reply.js';

interface Nested {
  readonly inner?: Nested;
}

/** As generated for `type Nested (inner: ?Nested)`. */
function checkNested(value: unknown): Nested {
  const { inner } = value as { readonly inner?: unknown };
  return inner === undefined ? {} : { inner: checkNested(inner) };
}

describe('a reply', () => {
  it('that is nested without end is an invalid one', () => {
    const parameters: unknown = JSON.parse(`${'{"inner":'.repeat(200_000)}{}${'}'.repeat(200_000)}`);
    const check = (): Nested => checkReply('a.b.C', { parameters, continues: false }, checkNested);
    expect(check).toThrow(InvalidReplyError);
    expect(check).toThrow('a.b.C: Maximum call stack size exceeded');
  });
});
