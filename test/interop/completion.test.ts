// What bash, zsh and fish offer while a command line of imagectl is typed.
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { buildShellImage } from '../peers/shell-image.js';
import { output, run } from './support/process.js';
import { Scene } from './support/scene.js';

let scene: Scene;
let directory: string;
let env: NodeJS.ProcessEnv;
let image: string;

beforeAll(async () => {
  scene = await Scene.open();
  image = scene.serve('sample', await buildShellImage());
  await scene.daemon.pull(image);
  directory = join(scene.store.directory, 'shells');
  await mkdir(join(directory, 'bin'), { recursive: true });
  await symlink(join(process.cwd(), 'dist/imagectl.js'), join(directory, 'bin/imagectl'));
  await writeFile(join(directory, 'package.tar'), '');
  env = {
    PATH: `${join(directory, 'bin')}:${process.env['PATH']}`,
    HOME: directory,
    TERM: 'dumb',
    IMAGED_ADDRESS: scene.daemon.address,
  };
  for (const [shell, file] of Object.entries({ bash: 'bash.sh', zsh: '_imagectl', fish: 'imagectl.fish' }))
    await output('imagectl', ['completion', shell, '--file', join(directory, file)], { env });
});

afterAll(() => scene?.close());

async function bash(line: string): Promise<string[]> {
  const script = `. ./bash.sh; COMP_LINE=$1 COMP_POINT=\${#1}; _imagectl; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return words(await output('bash', ['--norc', '-c', script, 'bash', line], { env, cwd: directory }));
}

async function fish(line: string): Promise<string[]> {
  const script = 'source imagectl.fish; complete --do-complete $argv[1]';
  const offered = await output('fish', ['--no-config', '--command', script, line], { env, cwd: directory });
  return words(offered.replaceAll(/\t.*$/gm, ''));
}

/** zsh completes only on a terminal; it is given one, and what it would list is written down instead. */
async function zsh(line: string): Promise<string[]> {
  const inner = [
    'PS1=; fpath=($PWD $fpath); autoload -U compinit; compinit -u -d $PWD/dump',
    // As it is, compadd says nothing; asked for its matches it does.
    'compadd() { local -a found; builtin compadd -O found "$@"; print -rl -- $found >> $PWD/offered; builtin compadd "$@" }',
    'finish() { print -r -- over >> $PWD/offered }; zle -N finish; bindkey "^X" finish',
    'print -r -- ready',
  ].join('\n');
  await writeFile(join(directory, '.zshrc-inner'), inner);
  const script = `zmodload zsh/zpty; zpty z 'zsh -f -i'; zpty -w z 'source .zshrc-inner'
    zpty -r -m z buffer '*ready*'; rm -f offered; zpty -n -w z "$1"$'\\t\\x18'
    for i in {1..100}; do grep -qx over offered 2>/dev/null && break; sleep 0.05; done; cat offered; zpty -d z`;
  return words(
    (await output('zsh', ['-f', '-c', script, 'zsh', line], { env, cwd: directory })).replace(/^over$/m, ''),
  );
}

function words(text: string): string[] {
  const found = text.split('\n').map((word) => word.trimEnd());
  return [...new Set(found)].filter((word) => word !== '').toSorted();
}

describe.each([
  ['bash', bash],
  ['zsh', zsh],
  ['fish', fish],
] as const)('%s', (shell, complete) => {
  it('offers commands, also those of a group, and none that are hidden', async () => {
    expect(await complete('imagectl pu')).toEqual(['pull', 'push']);
    expect(await complete('imagectl image l')).toEqual(['list', 'load', 'ls']);
    expect(await complete('imagectl __')).toEqual([]);
  });

  it('offers the flags of the command', async () => {
    expect(await complete('imagectl rmi --f')).toEqual(['--force']);
    expect(await complete('imagectl --url unix:/nowhere rmi --f')).toEqual(['--force']);
  });

  it('offers names of images, from the service that the line names', async () => {
    const typed = image.slice(0, -4);
    const rest = shell === 'bash' ? image.slice(image.lastIndexOf(':', typed.length) + 1) : image;
    expect(await complete(`imagectl rmi ${typed}`)).toEqual([rest]);
    expect(await complete('imagectl inspect test/sam')).toEqual(['test/sample:1']);
    // Where there is nothing else, zsh offers flags.
    const elsewhere = await complete('imagectl --url unix:/nowhere rmi ');
    expect(elsewhere.filter((word) => !word.startsWith('-'))).toEqual([]);
  });

  it('offers files where a file is meant, and the words that a value may be', async () => {
    expect(await complete('imagectl load --input pack')).toEqual(['package.tar']);
    expect(await complete('imagectl completion f')).toEqual(['fish']);
  });
});

describe('imagectl __complete', () => {
  it('says nothing and does not fail without a service', async () => {
    const { code, stdout, stderr } = await run(
      'imagectl',
      ['--url', 'unix:/nowhere', '__complete', 'image', ''],
      { env },
    );
    expect([code, stdout, stderr]).toEqual([0, '', '']);
  });

  it('offers ids to those who begin one', async () => {
    const id = await output('imagectl', ['images', '--quiet'], { env });
    expect(await output('imagectl', ['__complete', 'image', id.slice(0, 4)], { env })).toBe(`${id.trim()}\n`);
  });
});
