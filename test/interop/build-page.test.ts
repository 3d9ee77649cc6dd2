// What docs/build.md says of flags is so; its commands are run with those of all pages.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

import { imagedProgram } from './support/imaged.js';
import { output } from './support/process.js';

describe('the page on builds', () => {
  it('names only flags that there are', async () => {
    const page = await readFile(join(process.cwd(), 'docs', 'build.md'), 'utf8');
    const imagectl = join(process.cwd(), 'dist', 'imagectl.js');
    const help = await output(process.execPath, [imagectl, 'build', '--help']);
    const daemonHelp = await output(process.execPath, [imagedProgram, '--help']);
    const flags = new Set(page.match(/(?<=[ `(])--[a-z][a-z-]+/g));
    expect(flags.size).toBeGreaterThan(20);
    // Named as one that is not offered, and as RUN's own.
    for (const known of ['--creds', '--from', '--mount', '--security']) flags.delete(known);
    const missing = [...flags].filter((flag) => !help.includes(flag) && !daemonHelp.includes(flag));
    expect(missing).toEqual([]);
  });
});
