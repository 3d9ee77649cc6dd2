// The tree that the package unpacks: where Debian wants each file to be.
import {
  chmodSync,
  cpSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { debianChangelog } from './changelog.js';
import type { Module } from './modules.js';

const lib = 'usr/lib/imaged';
const programs = ['imaged', 'imagectl'];

/** Fills `root`. Times are settled afterwards. */
export function stage(root: string, modules: readonly Module[], epoch: number): void {
  for (const part of ['imagectl', 'src']) copy(`dist/${part}`, join(root, lib, 'dist', part));
  copy('package.json', join(root, lib, 'package.json'));
  for (const { path } of modules) copy(path, join(root, lib, path));
  for (const program of programs) {
    const target = join(root, lib, 'dist', `${program}.js`);
    // The interpreter that the package depends on, and not what a PATH finds first.
    const text = readFileSync(`dist/${program}.js`, 'utf8').replace(/^#!.*/, '#!/usr/bin/node');
    write(target, text, 0o755);
    mkdirSync(join(root, 'usr/bin'), { recursive: true });
    symlinkSync(`../lib/imaged/dist/${program}.js`, join(root, 'usr/bin', program));
  }
  stageUnits(root);
  stagePages(root);
  const doc = join(root, 'usr/share/doc/imaged');
  write(join(doc, 'changelog.gz'), zipped(debianChangelog(epoch)));
  write(join(doc, 'NEWS.md.gz'), zipped(readFileSync('CHANGELOG.md')));
  copy('systemd/README.md', join(doc, 'systemd.md'));
  copy('systemd/examples', join(doc, 'examples'));
}

function stageUnits(root: string): void {
  for (const place of ['system', 'user']) {
    const from = place === 'user' ? 'systemd/user' : 'systemd';
    const units = readdirSync(from).filter((name) => /\.(service|socket)$/.test(name));
    for (const unit of units) copy(join(from, unit), join(root, 'usr/lib/systemd', place, unit));
  }
  copy('systemd/imaged.tmpfiles.conf', join(root, 'usr/lib/tmpfiles.d/imaged.conf'));
  copy('systemd/imaged.sysusers.conf', join(root, 'usr/lib/sysusers.d/imaged.conf'));
}

function stagePages(root: string): void {
  const share = 'dist/share';
  for (const page of readdirSync(join(share, 'man'), { recursive: true, encoding: 'utf8' })) {
    if (extname(page) === '') continue;
    write(join(root, 'usr/share/man', `${page}.gz`), zipped(readFileSync(join(share, 'man', page))));
  }
  const completions: Readonly<Record<string, string>> = {
    'imagectl.bash': 'bash-completion/completions/imagectl',
    'imagectl.zsh': 'zsh/vendor-completions/_imagectl',
    'imagectl.fish': 'fish/vendor_completions.d/imagectl.fish',
  };
  for (const [name, place] of Object.entries(completions))
    copy(join(share, 'completions', name), join(root, 'usr/share', place));
}

/** Of modules what runs: no types, no documentation, no tests. Their licenses are in the file copyright. */
function isNeeded(path: string): boolean {
  const inModule = /\/node_modules\/(?:@[^/]+\/)?[^/]+\/(.*)$/.exec(`/${path}`)?.[1];
  if (/\.d\.[cm]?ts$|\.map$/.test(path)) return false;
  // It makes packages and is in none.
  if (path.startsWith('dist/src/packaging')) return false;
  // The bundled client is a package of its own elsewhere; here its licenses are in the file copyright, too.
  if (/^dist\/imagectl\/(types|README\.md|LICENSE|licenses\.txt)$/.test(path)) return false;
  if (inModule === undefined || inModule.startsWith('node_modules')) return true;
  if (
    /^(test|tests|docs|doc|example|examples|types|typings|umd|browser|vendor|scripts|musl_[^/]*)(\/|$)/.test(
      inModule,
    )
  )
    return false;
  // Programs and tests beside the library.
  if (/^(bin|cli|cnoke|test|bench|example|browser)\.[cm]?js$|\.(spec|test)\./.test(inModule)) return false;
  return !/\.(md|markdown|txt|c|h|hh|cc|ts|yml|html)$|(^|\/)(LICENSE|LICENCE|NOTICE|Makefile|\.[^/]*)$/i.test(
    inModule,
  );
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true, filter: (source) => isNeeded(source), mode: 0 });
}

function write(path: string, content: string | Buffer, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content, { mode });
}

/** As `gzip -9n` has it: without a name and a time. */
function zipped(content: string | Buffer): Buffer {
  return gzipSync(content, { level: 9 });
}

/** Gives everything the mode it needs and the time of the sources. */
export function settleTimes(root: string, epoch: number): void {
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    const path = join(root, name);
    settle(path, name, epoch);
  }
  settle(root, '', epoch);
}

/** What names its interpreter is to be executable, as lintian says. */
function startsAsProgram(path: string): boolean {
  return readFileSync(path).subarray(0, 2).equals(Buffer.from('#!'));
}

function settle(path: string, name: string, epoch: number): void {
  const entry = statSync(path);
  const isProgram = entry.isFile() && startsAsProgram(path);
  if (basename(dirname(name)) !== 'bin') chmodSync(path, entry.isDirectory() || isProgram ? 0o755 : 0o644);
  lutimesSync(path, epoch, epoch);
}
