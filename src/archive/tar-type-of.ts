// Which type of tar member a file becomes.
import { constants } from 'node:fs';
import { tarType } from './tar-entry.js';

const { S_IFMT, S_IFREG, S_IFLNK, S_IFCHR, S_IFBLK, S_IFIFO } = constants;
const types: ReadonlyMap<number, string> = new Map([
  [S_IFREG, tarType.file],
  [S_IFLNK, tarType.symbolicLink],
  [S_IFCHR, tarType.characterDevice],
  [S_IFBLK, tarType.blockDevice],
  [S_IFIFO, tarType.fifo],
]);

/** By the mode that the system gives; undefined for what a tar cannot hold, such as a socket. */
export function tarTypeOf(mode: number): string | undefined {
  return types.get(mode & S_IFMT);
}
