// Members of an interface: types, methods and errors.
import { IdlError } from './idl-error.js';
import { isMemberName } from './name.js';
import { readStruct, readStructOrEnum } from './struct.js';
import type { Token, Tokens } from './token.js';
import { unexpected } from './token.js';
import type { Member } from './tree.js';
import { readType } from './type.js';

/** Reads one member, keyword and all. */
export function readMember(tokens: Tokens): Member {
  const keyword = tokens.expect('word', '"type", "method" or "error"');
  const { doc, position } = keyword;
  switch (keyword.text) {
    case 'type':
      return {
        kind: 'type',
        name: readName(tokens),
        type: readStructOrEnum(tokens, 1, readType),
        doc,
        position,
      };
    case 'method': {
      const name = readName(tokens);
      const input = readStruct(tokens, readType);
      tokens.expect('->', '"->"');
      return { kind: 'method', name, input, output: readStruct(tokens, readType), doc, position };
    }
    case 'error':
      return {
        kind: 'error',
        name: readName(tokens),
        parameters: readStruct(tokens, readType),
        doc,
        position,
      };
    default:
      throw unexpected(keyword, '"type", "method" or "error"');
  }
}

function readName(tokens: Tokens): string {
  const token: Token = tokens.expect('word', 'a name');
  if (isMemberName(token.text)) return token.text;
  throw new IdlError(
    token.position,
    `${JSON.stringify(token.text)} is not a name of a type, method or error: a capital, then letters and digits`,
  );
}
