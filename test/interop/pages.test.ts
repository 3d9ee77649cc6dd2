// Every page of the documentation is followed as its reader would: files written, commands run, links opened.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { parse as parseToml } from 'smol-toml';
import { parse as parseYaml } from 'yaml';

import { type Hub, openHub } from './pages/hub.js';
import { anchorsOf, type Block, blocksOf, isRun, linksOf } from './pages/page.js';
import { blocksIn, followed, isRecipe, pages, root, textOf } from './pages/documentation.js';
import { follow } from './pages/follow.js';

jest.setTimeout(120_000);

/** Pages without a command: they explain, or a test beside them compares them with the code. */
const explaining = [
  'docs/architecture.md',
  'docs/build-differences.md',
  'docs/clients-of-2020.md',
  'docs/dockerfile.md',
  'docs/errors.md',
  'docs/imagectl.md',
  'docs/io.imaged.md',
  'docs/io.podman.md',
  'docs/methods.md',
  'docs/patience.md',
  'docs/performance.md',
  'docs/proof.md',
  'docs/signatures.md',
  'systemd/README.md',
];

/** What is not run here, and why: the same words as on the page. */
const notRun: readonly (readonly [page: string, reason: string])[] = [
  ['CONTRIBUTING.md', 'the packages come over the network, and the suite begins with the build'],
  [
    'README.md',
    'the packages come over the network, and the second command is the suite that this is part of',
  ],
  ['README.md', 'it compiles what the test has compiled, and puts it where the test has put it'],
  ['docs/audit.md', 'there is no journal where the tests run'],
  ['docs/install.md', 'a test boots a system for it'],
  ['docs/install.md', 'a test boots a system for it'],
  ['docs/install.md', 'a test boots a system for it'],
  ['docs/install.md', 'a test boots a system for it'],
  ['docs/install.md', 'a test boots a system for it, and runs these as a user of it'],
  ['docs/install.md', 'test/interop/package.test.ts does so with a prefix'],
  ['docs/install.md', 'a test boots a system for the units, from the Debian package'],
  ['docs/operations.md', 'there is no journal where the tests run'],
  ['docs/own-service.md', 'it needs the network; the test lays the packages where npm would'],
  ['docs/recipes/quadlet.md', 'systemd does not run where the tests do'],
];

/** Undefined if a block of data is what it says, else what is wrong. */
function faultOf({ language, text, title }: Block): string | undefined {
  try {
    if (language === 'toml') parseToml(text);
    else if (language === 'yaml') parseYaml(text);
    // A piece of a conversation has a message to a line.
    else if (language === 'json' && text.startsWith('{"'))
      text
        .trim()
        .split('\n')
        .forEach((line) => JSON.parse(line.replace(/…/g, '')));
    else if (language === 'json') JSON.parse(text);
    else if (['', 'text'].includes(language)) {
      const command =
        /^(?:\$ |(?:sudo |ssh \S+ )?(?:imagectl|imaged|podman|skopeo|npm|systemctl|apt-get) (?!\[options\])[a-z-].*)/m.exec(
          text,
        );
      if (command !== null) return `has a command, and no language by which it is run: ${command[0]}`;
    } else if (title === undefined && !['varlink', 'dockerfile', 'stages', 'ini'].includes(language))
      return 'is neither run nor a file';
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

describe('the documentation', () => {
  it('has commands on every page but those that explain', () => {
    const silent = pages.filter(
      (page) => !blocksIn(page).some((block) => isRun(block) || block.notRun !== undefined),
    );
    expect(silent).toEqual(explaining);
  });

  it('says why of the few commands that are not run', () => {
    const said = pages.flatMap((page) =>
      blocksIn(page).flatMap(({ notRun: reason }) => (reason === undefined ? [] : [[page, reason]])),
    );
    expect(said).toEqual(notRun);
  });

  it.each(pages)('%s has blocks that are what they say', (page) => {
    const others = blocksIn(page).filter((block) => block.notRun === undefined && !isRun(block));
    const faults = others.map((block) => [`line ${block.at}`, faultOf(block)]);
    expect(faults.filter(([, fault]) => fault !== undefined)).toEqual([]);
  });

  it.each(pages)('%s leads to pages and headings that are there', (page) => {
    const broken = linksOf(textOf(page)).filter(({ path, anchor }) => {
      const file = path === '' ? page : join(dirname(page), path);
      if (!existsSync(join(root, file))) return true;
      return anchor !== undefined && !anchorsOf(readFileSync(join(root, file), 'utf8')).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('is reached from the README, all of it', () => {
    const reached = new Set(linksOf(textOf('README.md')).map(({ path }) => path));
    expect(pages.filter((page) => page !== 'README.md' && !reached.has(page))).toEqual([]);
  });
});

describe('the commands of', () => {
  let hub: Hub;
  beforeAll(async () => {
    hub = await openHub();
  });
  afterAll(() => hub?.close());

  it('a page that is wrong are not what it says', async () => {
    const page = '```sh\ntrue\nfalse\n```\n\n```console\n$ echo a\nb\n$ test -e /none\n$ echo c\n...\n```\n';
    expect(await follow('docs/wrong.md', blocksOf(page), hub.directory)).toEqual([
      { command: 'true\nfalse\n', failed: ['false: exit code 1'], output: '' },
      { command: 'echo a\n', shown: 'b', output: 'a' },
      { command: 'test -e /none\n', failed: ['test -e /none: exit code 1'], output: '' },
    ]);
  });

  it.each(followed.filter((page) => !isRecipe(page)))('%s do what the page says', async (page) => {
    expect(await follow(page, blocksIn(page), hub.directory)).toEqual([]);
  });
});
