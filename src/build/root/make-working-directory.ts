// WORKDIR: makes a directory in the working root, and those above it (build.md, Instructions).
import { closeDescriptor, DIRECTORY_FLAGS, openInRoot } from '../../sys/files.js';
import { makeDirectories } from '../copy/make-directories.js';
import { findAccount } from './accounts.js';

/**
 * Makes what is missing of `path` (absolute) below the open directory `root`, 0755, owned by `user` as USER has it, which is looked up
 * only then. Throws CopyError and AccountError.
 */
export function makeWorkingDirectory(root: number, path: string, user: string): void {
  const name = Buffer.from(path).toString('latin1');
  const existing = openInRoot(root, `./${name}`, DIRECTORY_FLAGS);
  closeDescriptor(existing >= 0 ? existing : makeDirectories(root, name, findAccount(root, user)));
}
