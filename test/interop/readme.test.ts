// What the first page promises beside its commands, the quickstart, and the reference of options.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';

import { imagedProgram } from './support/imaged.js';
import { output } from './support/process.js';

jest.setTimeout(120_000);

const directory = process.cwd();
const page = (name: string): Promise<string> => readFile(join(directory, 'docs', name), 'utf8');

describe('the quickstart', () => {
  it('pulls, builds, shows both to podman, and leaves nothing behind', async () => {
    const left = (): Promise<string> =>
      output('sh', ['-c', 'ls -d /tmp/imaged-quickstart-* 2>/dev/null || true']);
    const before = await left();
    const script = 'exec "$0" dist/test/peers/quickstart.js 2>&1';
    const printed = await output('sh', ['-c', script, process.execPath], { cwd: directory });
    const commands = printed.split('\n').filter((line) => line.startsWith('$ imagectl '));
    expect(commands.map((line) => line.split(' ')[2])).toEqual([
      'pull',
      'images',
      'history',
      'inspect',
      'build',
    ]);
    expect(printed).toMatch(/\$ podman .* images\n.*\nlocalhost\/greeting +1 /);
    expect(printed).toMatch(/\$ podman .* run .*\nHello from an image that imaged has built\.\nLinux\n/);
    expect(await left()).toBe(before);
  });
});

describe('the reference', () => {
  it('has the options that imaged has', async () => {
    expect(await page('imaged.md')).toContain(
      `\`\`\`text\n${await output(process.execPath, [imagedProgram, '--help'])}\`\`\`\n`,
    );
  });
});
