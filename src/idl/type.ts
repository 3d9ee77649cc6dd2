// The type of a field.
import { IdlError, quoted } from './idl-error.js';
import { isMemberName } from './name.js';
import { checkDepth, readStructOrEnum } from './struct.js';
import type { Token, Tokens } from './token.js';
import { unexpected } from './token.js';
import type { SimpleKind, Type, WrappedType } from './tree.js';

const simple: ReadonlySet<string> = new Set<SimpleKind>(['bool', 'int', 'float', 'string', 'object', 'any']);

const wrappers: ReadonlyMap<string, WrappedType['kind']> = new Map([
  ['?', 'nullable'],
  ['[]', 'array'],
  ['[string]', 'map'],
]);

/** Reads `?T`, `[]T`, `[string]T`, a simple type, a name, or an inline struct or enum. */
export function readType(tokens: Tokens, depth: number): Type {
  const token = tokens.peek();
  if (token.kind === '(') return readStructOrEnum(tokens, depth, readType);
  if (token.kind === 'word') return readWord(tokens.take());
  const kind = wrappers.get(token.kind);
  if (kind === undefined) throw unexpected(token, 'a type');
  checkDepth(token, depth);
  tokens.take();
  const inner = tokens.peek();
  if (inner.spaced) throw new IdlError(inner.position, `white space after "${token.text}"`);
  if (kind === 'nullable' && inner.kind === '?')
    throw new IdlError(inner.position, 'a type is nullable once');
  return { kind, element: readType(tokens, depth + 1) };
}

function readWord(token: Token): Type {
  if (simple.has(token.text)) return { kind: token.text as SimpleKind };
  if (/[a-z0-9-]\.[A-Z][A-Za-z0-9]*$/.test(token.text))
    throw new IdlError(token.position, `${quoted(token.text)}: only types of this file can be named`);
  if (!isMemberName(token.text)) throw unexpected(token, 'a type');
  return { kind: 'named', name: token.text, position: token.position };
}
