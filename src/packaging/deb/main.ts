// Builds imaged's Debian package from dist/: `npm run package:deb [-- DIRECTORY]` prints where it is.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { writeControl } from './control.js';
import { writeCopyright } from './copyright.js';
import { neededModules } from './modules.js';
import { settleTimes, stage } from './stage.js';

/** The name of a build must not depend on when it is built. */
function sourceDate(): number {
  const given = process.env['SOURCE_DATE_EPOCH'];
  const text = given ?? execFileSync('git', ['log', '-1', '--format=%ct'], { encoding: 'utf8' }).trim();
  if (!/^\d+$/.test(text)) throw new Error(`SOURCE_DATE_EPOCH ${text}: expected seconds since 1970`);
  return Number(text);
}

const directory = resolve(process.argv[2] ?? 'dist-deb');
const epoch = sourceDate();
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const architecture = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();
const modules = neededModules();
const root = mkdtempSync(join(tmpdir(), 'imaged-deb-'));
try {
  stage(root, modules, epoch);
  writeCopyright(join(root, 'usr/share/doc/imaged/copyright'), modules);
  writeControl(root, version, architecture);
  settleTimes(root, epoch);
  const file = join(directory, `imaged_${version}_${architecture}.deb`);
  mkdirSync(directory, { recursive: true });
  // Each file becomes root's, whoever builds; the times in the archive around them are those of the sources, too.
  execFileSync('dpkg-deb', ['--root-owner-group', '--build', root, file], {
    env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  process.stdout.write(`${file}\n`);
} finally {
  rmSync(root, { recursive: true });
}
