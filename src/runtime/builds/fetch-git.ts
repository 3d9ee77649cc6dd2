// Repositories that a build names by their address: one commit of them, by the program git.
import { chmod, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startChild } from '../../sys/child.js';

const DIRECTORY_MODE = 0o755;
const MOST_MILLISECONDS = 30 * 60 * 1000;
const OUTPUT_BYTES = 4096;
const NAME = 'repository';

/** git is missing, or could not fetch. The message has what it said. */
export class RepositoryError extends Error {
  override readonly name = 'RepositoryError';
  readonly code = 'REPOSITORY';
}

export interface RepositoryOptions {
  /** Private, and empty. */
  readonly directory: string;
  readonly keepGitDir: boolean;
  /** The service's own: proxies are looked for in it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

interface Place {
  readonly address: string;
  /** A branch, a tag or a commit. */
  readonly ref: string;
  /** Where in it; no `..`. */
  readonly directory: readonly string[];
}

/** Whether an address is one of a repository: `git://…`, `….git`, `github.com/…`, each with `#ref:directory` or without. */
export function isRepository(address: string): boolean {
  return (
    /^(?:git|ssh):\/\/|^git@|^github\.com\//.test(address) || /^https?:\/\/[^#?]*\.git(?:#|$)/.test(address)
  );
}

/**
 * Fetches one commit without history, hooks and submodules, and returns the path of its directory in `options.directory`, where links may be on the way. Throws
 * {@link RepositoryError} and the signal's reason.
 */
export async function fetchRepository(
  address: string,
  options: RepositoryOptions,
  signal: AbortSignal,
): Promise<string> {
  const place = parsePlace(address);
  const path = join(options.directory, NAME);
  await mkdir(path, { mode: DIRECTORY_MODE });
  await chmod(path, DIRECTORY_MODE);
  const git = (...args: readonly string[]): Promise<void> => runGit(args, path, options, signal);
  await git('init', '--quiet', '--template=', '.');
  await git(
    'fetch',
    '--quiet',
    '--depth=1',
    '--no-tags',
    '--no-recurse-submodules',
    '--',
    place.address,
    place.ref,
  );
  await git('-c', 'advice.detachedHead=false', 'checkout', '--quiet', '--detach', 'FETCH_HEAD');
  if (!options.keepGitDir) await rm(join(path, '.git'), { recursive: true });
  return [NAME, ...place.directory].join('/');
}

function parsePlace(address: string): Place {
  const [base = '', fragment = ''] = splitOnce(address, '#');
  const [ref = '', directory = ''] = splitOnce(fragment, ':');
  const full = base.startsWith('github.com/') ? `https://${base}` : base;
  if (ref.startsWith('-') || full.startsWith('-')) throw new RepositoryError(`${address}: not an address`);
  const parts = directory.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw new RepositoryError(`${directory} leads out of the repository`);
  return { address: full, ref: ref === '' ? 'HEAD' : ref, directory: parts };
}

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

// Nothing of the daemon's own surroundings: no configuration, no askers for passwords, no protocols that start programs.
const surroundings = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ASKPASS: '/bin/false',
  GIT_SSH_COMMAND: 'ssh -oBatchMode=yes',
  GIT_ALLOW_PROTOCOL: 'http:https:git:ssh',
  GIT_LFS_SKIP_SMUDGE: '1',
};
const settings = [
  'core.hooksPath=/dev/null',
  'core.symlinks=true',
  'protocol.file.allow=never',
  'protocol.ext.allow=never',
];

async function runGit(
  args: readonly string[],
  directory: string,
  { environment }: RepositoryOptions,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const child = startChild('git', [...settings.flatMap((setting) => ['-c', setting]), ...args], {
    cwd: directory,
    env: { ...surroundings, ...proxiesOf(environment) },
    // A group of its own: what it starts ends with it.
    detached: true,
  });
  child.stdin.end();
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(0, OUTPUT_BYTES);
    });
  }
  const kill = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  };
  const timer = setTimeout(kill, MOST_MILLISECONDS);
  signal.addEventListener('abort', kill, { once: true });
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', (cause) => reject(new RepositoryError(`cannot run git`, { cause })));
      child.once('close', resolve);
    });
    signal.throwIfAborted();
    if (status !== 0)
      throw new RepositoryError(`git ${args[0] ?? ''}: ${said.trim() || `exit status ${status}`}`);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', kill);
  }
}

function proxiesOf(environment: RepositoryOptions['environment']): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => /^(?:https?|no|all)_proxy$/i.test(name)),
  );
}
