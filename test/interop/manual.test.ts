// The manual pages that the build makes: what man and mandoc say of them, and that nothing of --help is missing.
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';

import { output, run } from './support/process.js';

const place = 'dist/share/man';
let pages: string[];

beforeAll(async () => {
  const found = await readdir(place, { recursive: true, encoding: 'utf8' });
  pages = found.filter((name) => /\.\d$/.test(name)).toSorted();
});

/** A page as it is read, without the spaces that fill lines. */
async function read(page: string): Promise<string> {
  const { stdout } = await run('man', ['--local-file', page], {
    env: { PATH: process.env['PATH'], MANWIDTH: '1000', LANG: 'C.UTF-8' },
    cwd: place,
  });
  return stdout.replaceAll(/\s+/g, ' ');
}

const helpOf = (...words: string[]): Promise<string> =>
  output(process.execPath, ['dist/imagectl.js', ...words, '--help']);

describe('the manual pages', () => {
  it('are well-formed for mandoc', async () => {
    expect(pages.length).toBeGreaterThan(30);
    const { stdout } = await run('mandoc', ['-T', 'lint', '-W', 'warning', ...pages], { cwd: place });
    // They have no date, which would be that of the build; pages in two places are links as groff has them.
    const faults = stdout.split('\n').filter((line) => !/missing date|\.so is fragile|^$/.test(line));
    expect(faults).toEqual([]);
  });

  it('are well-formed for groff', async () => {
    const texts = await Promise.all(pages.map((page) => readFile(join(place, page), 'utf8')));
    const whole = pages.filter((_, index) => !texts[index]?.startsWith('.so'));
    const args = ['-z', '-ww', '-man', '-Tutf8', '-Kutf8', ...whole.map((page) => join(place, page))];
    const { stderr } = await run('groff', args);
    expect(stderr).toBe('');
  });

  it('are there for every command that --help lists', async () => {
    for (const words of [[], ['image']]) {
      const [, listed = ''] = /^Commands:\n([^]*)/m.exec(await helpOf(...words)) ?? [];
      const commands = [...listed.matchAll(/^ {2}([a-z]+)/gm)].map(([, name = '']) => name);
      expect(commands.length).toBeGreaterThan(10);
      for (const name of commands.filter((command) => command !== 'help'))
        expect(pages).toContain(`man1/${['imagectl', ...words, name].join('-')}.1`);
    }
  });

  it.each(['pull', 'rmi', 'build'])('say of %s what --help says', async (command) => {
    const page = await read(`man1/imagectl-${command}.1`);
    const help = await helpOf(command);
    const flags = [...help.matchAll(/^ {2}(-.*?)(?: {2}|$)/gm)].map(([, flag = '']) => flag.trim());
    expect(flags.length).toBeGreaterThan(2);
    for (const flag of flags) expect(page).toContain(` ${flag} `);
  });

  it('say of imaged what its --help says', async () => {
    const page = await read('man8/imaged.8');
    const help = await output(process.execPath, ['dist/imaged.js', '--help']);
    const flags = [...help.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, flag = '']) => flag);
    expect(flags.length).toBeGreaterThan(20);
    for (const flag of flags) expect(page).toMatch(new RegExp(` ${flag}[ =[]`));
  });

  it('of package.json are there', async () => {
    const { man } = JSON.parse(await readFile('package.json', 'utf8')) as { man: string[] };
    expect(man.filter((page) => !existsSync(page))).toEqual([]);
  });
});
