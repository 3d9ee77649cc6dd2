// A whole interface file.
import { checkInterface } from './checker.js';
import { IdlError, quoted } from './idl-error.js';
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
  const comments = tokens.above();
  const keyword = tokens.expect('word', '"interface"');
  if (keyword.text !== 'interface') throw unexpected(keyword, '"interface"');
  const name = tokens.expect('word', 'an interface name');
  if (!isInterfaceName(name.text))
    throw new IdlError(name.position, `${quoted(name.text)} is not an interface name`);
  const behind = tokens.behind();
  const members: Member[] = [];
  while (tokens.peek().kind !== 'end') {
    const { position } = tokens.peek();
    if (position.line === tokens.lastLine())
      throw new IdlError(position, 'a member starts on a line of its own');
    members.push(readMember(tokens));
  }
  return { name: name.text, ...comments, behind, members, tail: tokens.rest(), position: keyword.position };
}
