// Writes what is generated from the command tree and the daemon's options: manual pages and completions, into dist/share.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { completionFor } from '../../../client/commands/completion.js';
import type { Context } from '../../../client/context.js';
import { wholeProgram } from '../../../client/program.js';
import { commandPages } from './command-page.js';
import { daemonPage } from './daemon-page.js';
import type { Page } from './roff.js';

const share = 'dist/share';
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

// Only declared: nothing of it runs.
const program = await wholeProgram({
  address: 'unix:/run/imaged/io.podman',
  environment: {},
} as Context);
rmSync(share, { recursive: true, force: true });
write('man', [...commandPages(program, version), daemonPage(version)]);
write(
  'completions',
  (['bash', 'fish', 'zsh'] as const).map((shell) => ({
    file: `imagectl.${shell}`,
    text: completionFor(shell, program),
  })),
);

function write(place: string, pages: readonly Page[]): void {
  const directory = join(share, place);
  for (const { file, text } of pages) {
    const path = join(directory, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}
