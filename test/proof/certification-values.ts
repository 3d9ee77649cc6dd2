// What each test of org.varlink.certification returns, and the next one is to be called with: the known servers' values.
import type { MyType, Test06ReplyStruct } from './generated/org-varlink-certification.js';

const fourValues: Test06ReplyStruct = { bool: false, int: 2, float: Math.PI, string: 'a lot of string' };

const map = { foo: 'Foo', bar: 'Bar' };

const set = { one: {}, two: {}, three: {} };

const mytype: MyType = {
  object: { method: 'org.varlink.certification.Test09', parameters: { map } },
  enum: 'two',
  struct: { first: 1, second: '2' },
  array: ['one', 'two', 'three'],
  dictionary: map,
  stringset: set,
  interface: {
    foo: [null, { foo: 'foo', bar: 'bar' }, null, { one: 'foo', two: 'bar' }],
    anon: { foo: true, bar: false },
  },
};

/** The replies to the tests that give one. */
export const replies = {
  test01: { bool: true },
  test02: { int: 1 },
  test03: { float: 1 },
  test04: { string: 'ping' },
  test05: fourValues,
  test06: { struct: fourValues },
  test07: { map },
  test08: { set },
  test09: { mytype },
} as const;

/** The replies to Test10, in order. */
export const lastMoreReplies: readonly string[] = Array.from(
  { length: 10 },
  (_, index) => `Reply number ${index + 1}`,
);
