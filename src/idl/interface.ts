// A whole interface file.
import { checkInterface } from './checker.js';
import { IdlError } from './idl-error.js';
import { readMember } from './member.js';
import { isInterfaceName } from './name.js';
import { Tokens, unexpected } from './token.js';
import type { Interface, Member } from './tree.js';

/** Parses and checks an interface file; throws {@link IdlError} for the first thing wrong with it. */
export function parseInterface(text: string): Interface {
  const tree = readInterface(text);
  const problem = checkInterface(tree)[0];
  if (problem !== undefined) throw problem;
  return tree;
}

/** Parses an interface file without looking at what its names mean. */
export function readInterface(text: string): Interface {
  const tokens = new Tokens(text);
  const keyword = tokens.expect('word', '"interface"');
  if (keyword.text !== 'interface') throw unexpected(keyword, '"interface"');
  const name = tokens.expect('word', 'an interface name');
  if (!isInterfaceName(name.text))
    throw new IdlError(name.position, `${JSON.stringify(name.text)} is not an interface name`);
  const members: Member[] = [];
  while (tokens.peek().kind !== 'end') {
    const start = tokens.peek();
    if (start.position.line === tokens.lastLine())
      throw new IdlError(start.position, 'a member starts on a line of its own');
    members.push(readMember(tokens));
  }
  return { name: name.text, doc: keyword.doc, members, position: keyword.position };
}
