// Members of an interface: types, methods and errors.
import { IdlError, quoted } from './idl-error.js';
import { isMemberName } from './name.js';
import { readStruct, readStructOrEnum } from './struct.js';
import type { Token, Tokens } from './token.js';
import { unexpected } from './token.js';
import type { Member } from './tree.js';
import { readType } from './type.js';

const expected = '"type", "method" or "error"';

/** Reads one member, keyword and all. */
export function readMember(tokens: Tokens): Member {
  const comments = tokens.above();
  const keyword = tokens.expect('word', expected);
  const { position } = keyword;
  switch (keyword.text) {
    case 'type': {
      const name = readName(tokens);
      const type = readStructOrEnum(tokens, 1, readType);
      return { kind: 'type', name, type, ...comments, behind: tokens.behind(), position };
    }
    case 'method': {
      const name = readName(tokens);
      const input = readStruct(tokens, readType);
      tokens.expect('->', '"->"');
      const output = readStruct(tokens, readType);
      return { kind: 'method', name, input, output, ...comments, behind: tokens.behind(), position };
    }
    case 'error': {
      const name = readName(tokens);
      const parameters = readStruct(tokens, readType);
      return { kind: 'error', name, parameters, ...comments, behind: tokens.behind(), position };
    }
    default:
      throw unexpected(keyword, expected);
  }
}

function readName(tokens: Tokens): string {
  const token: Token = tokens.expect('word', 'a name');
  if (isMemberName(token.text)) return token.text;
  throw new IdlError(
    token.position,
    `${quoted(token.text)} is not a name of a type, method or error: a capital, then letters and digits`,
  );
}
