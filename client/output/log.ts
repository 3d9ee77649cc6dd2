// The lines of a long call, as they come.
import type { MoreResponse } from '../../src/generated/io-podman.js';
import type { Context } from '../context.js';
import { printableLines } from './printable.js';

/** Prints them where errors go, unless it is to be quiet; returns the id of the last reply. */
export async function printLog(
  { stderr }: Pick<Context, 'stderr'>,
  replies: AsyncIterable<{ readonly reply: MoreResponse }>,
  quiet: boolean,
): Promise<string> {
  let id = '';
  for await (const { reply } of replies) {
    if (!quiet) for (const line of reply.logs) stderr.write(printableLines(line));
    if (reply.id !== '') id = reply.id;
  }
  return id;
}
