// Programs of a later Debian release, unpacked into a directory of their own and run by the libraries they came with.
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { CommandError, output } from './process.js';

/** What the archive is signed with, for the releases after the one this machine runs, too. */
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Releases stay unpacked for the next run. */
const cache = join(homedir(), '.cache', 'imaged-tests');

/** A release that cannot be had here; the message is what apt or dpkg says. */
export class ReleaseError extends Error {
  override readonly name = 'ReleaseError';
  readonly code = 'NO_RELEASE';
  constructor(release: string, problem: string, options?: ErrorOptions) {
    super(`Debian ${release}: ${problem}`, options);
  }
}

export interface DebianRelease {
  /** A command that runs the program at this path of the release. */
  program(path: string): Promise<string>;
}

/** Opens a release with these packages and all they need; downloads them the first time. Throws {@link ReleaseError}. */
export async function openRelease(release: string, packages: readonly string[]): Promise<DebianRelease> {
  const directory = join(cache, `debian-${release}-${packages.join('-')}`);
  if (!existsSync(directory)) {
    const building = `${directory}.${process.pid}`;
    try {
      await unpackRelease(building, release, packages);
      // Only a release that is complete gets its name.
      await rename(building, directory);
    } catch (error) {
      const said = error instanceof CommandError ? error.finished.stderr.trim().split('\n')[0] : undefined;
      throw said === undefined ? error : new ReleaseError(release, said, { cause: error });
    } finally {
      await rm(building, { recursive: true, force: true });
    }
  }
  const root = join(directory, 'root');
  // Releases before trixie have some of it outside of /usr.
  const loader = await find(root, ['usr/lib64', 'usr/lib', 'lib64', 'lib'], /^ld-linux.*\.so/);
  const libraries = await find(root, ['usr/lib'], /-linux-gnu/);
  const older = libraries.replace(join(root, 'usr'), root);
  const path = `${libraries}:${join(libraries, 'systemd')}:${older}`;
  return {
    program: async (program) => {
      const command = join(directory, program.replaceAll('/', '-'));
      const script = `#!/bin/sh\nexec '${loader}' --library-path '${path}' '${join(root, program)}' "$@"\n`;
      await writeFile(command, script, { mode: 0o755 });
      return command;
    },
  };
}

/** apt looks at a system in which nothing is installed, and so takes everything that the packages need. */
async function unpackRelease(directory: string, release: string, packages: readonly string[]): Promise<void> {
  const root = join(directory, 'root');
  for (const part of ['lists/partial', 'archives/partial', 'root'])
    await mkdir(join(directory, part), { recursive: true });
  const sources = join(directory, 'sources.list');
  await writeFile(sources, `deb [signed-by=${keyring}] ${await debianMirror()} ${release} main\n`);
  await writeFile(join(directory, 'status'), '');
  const settings = {
    'Dir::Etc::SourceList': sources,
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::Etc::Preferences': '/dev/null',
    'Dir::Etc::PreferencesParts': '/dev/null',
    'Dir::State::Lists': join(directory, 'lists'),
    'Dir::State::status': join(directory, 'status'),
    'Dir::Cache': directory,
    'Acquire::Languages': 'none',
    'APT::Sandbox::User': 'root',
  };
  const options = ['-qq', ...Object.entries(settings).map(([name, value]) => `-o${name}=${value}`)];
  await output('apt-get', [...options, 'update']);
  const download = ['install', '--yes', '--no-install-recommends', '--download-only', ...packages];
  await output('apt-get', [...options, ...download]);
  const archives = join(directory, 'archives');
  for (const name of await readdir(archives))
    if (name.endsWith('.deb')) await output('dpkg-deb', ['--extract', join(archives, name), root]);
  for (const part of ['archives', 'lists']) await rm(join(directory, part), { recursive: true });
}

async function find(root: string, places: readonly string[], pattern: RegExp): Promise<string> {
  for (const place of places) {
    const names = existsSync(join(root, place)) ? await readdir(join(root, place)) : [];
    const name = names.find((one) => pattern.test(one));
    if (name !== undefined) return join(root, place, name);
  }
  throw new Error(`${root}: nothing in ${places.join(' or ')} is named ${pattern.source}`);
}

/** The mirror this machine installs Debian from. */
export async function debianMirror(): Promise<string> {
  const directory = '/etc/apt/sources.list.d';
  const files = ['/etc/apt/sources.list'];
  if (existsSync(directory)) {
    files.push(...(await readdir(directory)).map((name) => join(directory, name)));
  }
  for (const file of files.filter((name) => existsSync(name))) {
    const text = await readFile(file, 'utf8');
    const found = /^(?:URIs:|deb(?: \[[^\]]*\])?)\s+(\S*\/debian\/?)(?:\s|$)/m.exec(text);
    if (found?.[1] !== undefined) {
      return found[1];
    }
  }
  throw new Error('no mirror of Debian in the sources of apt');
}
