// imagectl on a pseudo-terminal: what its screen shows in windows of any size, and what is left when it is interrupted.
import { spawn } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { commandTable } from '../../client/command-table.js';
import { buildImage, buildTar, type SampleImage } from '../peers/sample-image.js';
import { buildShellImage } from '../peers/shell-image.js';
import { type Names, terminalExamples, wordsOf } from './support/terminal-examples.js';
import { ended, run } from './support/process.js';
import { Scene } from './support/scene.js';
import { untidiness } from './support/store-content.js';
import { type OnTerminal, onTerminal, type TerminalOptions } from './support/terminal.js';

jest.setTimeout(60_000);

const program = join(process.cwd(), 'dist', 'imagectl.js');
const megabyte = 1_000_000;

let scene: Scene;
let terminals: OnTerminal[] = [];
/** Pulled, and in the registry. */
let image: string;

beforeAll(async () => {
  scene = await Scene.open();
  image = scene.serve('shell', await buildShellImage());
  await scene.daemon.pull(image);
});

afterEach(() => {
  scene.registry.fault = undefined;
  for (const terminal of terminals) terminal.close();
  terminals = [];
});

afterAll(() => scene?.close());

function imagectl(args: readonly string[], options: TerminalOptions = {}): OnTerminal {
  return started(process.execPath, [program, ...args], options);
}

/** A program on a terminal, for which this test's service is the usual one. */
function started(file: string, args: readonly string[], options: TerminalOptions = {}): OnTerminal {
  const env = { HOME: scene.store.directory, IMAGED_ADDRESS: scene.daemon.address, ...options.env };
  const terminal = onTerminal(file, args, { ...options, env });
  terminals.push(terminal);
  return terminal;
}

/** An image of a large blob and a small one that nothing else has. */
async function largeImage(mark: string): Promise<{ readonly image: SampleImage; readonly name: string }> {
  const layers = [
    [{ name: 'big', content: Buffer.alloc(3 * megabyte, mark) }],
    [{ name: 'small', content: mark }],
  ];
  const large = await buildImage({ layers, compression: 'none' });
  return { image: large, name: scene.serve(`large-${mark}`, large) };
}

/** Without what changes from run to run: rates, times, how far large blobs are, digests and the registry's port. */
function masked(text: string): string {
  return text
    .replaceAll(scene.registry.host, 'REGISTRY')
    .replace(/ [\d.]+ [kMG]?B\/s( [\dhms]+ left)?/g, '')
    .replace(/\[[=>-]+\] [\d.]+ [kM]?B/g, (bar) => `[${bar.indexOf(']') - 1}] SOME`)
    .replace(/\b\d+%/g, 'SOME')
    .replace(/\b[0-9a-f]{64}\b/g, 'ID')
    .replace(/\b[0-9a-f]{12}\b/g, 'BLOB')
    .replace(/\b(?=\d*[a-f])[0-9a-f]{10}\b/g, 'CONFIG');
}

async function operations(): Promise<readonly unknown[]> {
  const connection = await scene.daemon.connect();
  const reply = await connection.call('io.imaged.WatchOperations');
  connection.close();
  return (reply as { operations: unknown[] }).operations;
}

/** Nothing runs, and nothing of what ran is left. */
async function becomesTidy(): Promise<void> {
  const deadline = Date.now() + 10_000;
  const state = async (): Promise<unknown[]> => [
    ...(await operations()),
    ...(await untidiness(scene.store.root)),
  ];
  while ((await state()).length > 0 && Date.now() < deadline) await sleep(20);
  expect(await state()).toEqual([]);
}

// oxlint-disable-next-line no-control-regex -- control sequences are what is looked for
const colors = /\x1b\[[\d;]*m/;

describe('a pull on a terminal', () => {
  /** Windows, and what they show when some of a blob has come and nothing follows. */
  const windows: readonly (readonly [columns: number, rows: number, lines: readonly string[]])[] = [
    [
      200,
      50,
      [
        'Trying to pull REGISTRY/test/large-w:1...',
        'Getting image source signatures',
        'Copying blob BLOB [20] SOME / 3 MB',
        'Copying blob BLOB done 2.05 kB',
        'Total 2/3 blobs [20] SOME / 3 MB',
      ],
    ],
    [
      80,
      24,
      [
        'Trying to pull REGISTRY/test/large-w:1...',
        'Getting image source signatures',
        'Copying blob BLOB [10] SOME / 3 MB',
        'Copying blob BLOB done 2.05 kB',
        'Total 2/3 blobs [10] SOME / 3 MB',
      ],
    ],
    [
      40,
      12,
      [
        'Trying to pull REGISTRY/test/larg',
        'e-w:1...',
        'Getting image source signatures',
        'BLOB SOME',
        'BLOB done 2.05 kB',
        'Total SOME',
      ],
    ],
    [
      60,
      1,
      [
        'Trying to pull REGISTRY/test/large-w:1...',
        'Getting image source signatures',
        'Copying blob BLOB done 2.05 kB',
        'Total 2/3 blobs SOME',
      ],
    ],
  ];

  it('shows what fits into the window, and leaves it there when it is interrupted', async () => {
    const { name, image: large } = await largeImage('w');
    const big = large.layers[0]?.digest ?? '';
    scene.registry.fault = ({ url }) => (url.includes(big) ? { stallAfter: megabyte } : undefined);
    for (const [columns, rows, lines] of windows) {
      const terminal = imagectl(['pull', name], { columns, rows });
      await terminal.shows(/done 2.05 kB/);
      await terminal.shows(/Total.* (?:[1-9]\d*%|[2-9]\d\d kB)/);
      terminal.type('\x03');
      expect(await terminal.ended()).toBe(130);
      expect(masked(terminal.screen.text()).split('\n')).toEqual(lines);
      // Where the shell writes on: at the start of a line of its own.
      expect(terminal.screen.view().cursor.column).toBe(0);
      expect(terminal.screen.writes.join('')).not.toMatch(colors);
    }
    await becomesTidy();
  });

  it('goes on where it is when the window changes, and leaves the same lines behind', async () => {
    const { name } = await largeImage('r');
    scene.registry.fault = ({ url }) =>
      url.includes('/blobs/') ? { bytesPerSecond: 2 * megabyte } : undefined;
    const terminal = imagectl(['pull', name], { columns: 100, rows: 30 });
    await terminal.shows(/Total.*\] [1-9]/);
    await terminal.resize(40, 30);
    await terminal.shows(/^Total \d+% /m);
    const narrow = masked(terminal.screen.text()).split('\n').slice(3);
    expect(narrow.map((line) => [/BLOB|Total/.exec(line)?.[0], line.length < 40])).toEqual([
      ['BLOB', true],
      ['BLOB', true],
      ['Total', true],
    ]);
    await terminal.resize(90, 30);
    await terminal.shows(/^Total .*=/m);
    expect(await terminal.ended()).toBe(0);
    expect(masked(terminal.screen.text()).split('\n')).toEqual([
      'Trying to pull REGISTRY/test/large-r:1...',
      'Getting image source signatures',
      'Copying blob BLOB done 3 MB',
      'Copying blob BLOB done 2.05 kB',
      expect.stringMatching(/^Copying config CONFIG done \d+ B/),
      'Writing manifest to image destination',
      'Storing signatures',
      'ID',
    ]);
  });

  it('ends at once by a second Ctrl-C, and by SIGTERM with its code', async () => {
    const { name } = await largeImage('t');
    scene.registry.fault = ({ url }) => (url.includes('/blobs/') ? { stallAfter: megabyte } : undefined);
    const interrupted = imagectl(['pull', name]);
    await interrupted.shows(/Total/);
    interrupted.type('\x03\x03');
    expect(await interrupted.ended()).toBe(130);
    expect(interrupted.screen.text()).toMatch(/^Total .*$(?![^])/m);
    const terminated = imagectl(['pull', name]);
    await terminated.shows(/Total/);
    process.kill(await terminated.pid(), 'SIGTERM');
    expect(await terminated.ended()).toBe(143);
    await becomesTidy();
  });

  it('can be suspended: what the shell says stands below, and the lines below that when it goes on', async () => {
    const { name } = await largeImage('s');
    scene.registry.fault = ({ url }) => (url.includes('/blobs/') ? { stallAfter: megabyte } : undefined);
    const terminal = started('bash', ['--norc', '-i'], { env: { PS1: '$ ' } });
    terminal.type(`'${process.execPath}' ${program} pull -- ${name}\n`);
    await terminal.shows(/Total/);
    terminal.type('\x1a');
    await terminal.shows(/Stopped/);
    expect(masked(terminal.screen.text())).toMatch(/\nTotal .*\n\^Z\n\[1\]\+ +Stopped [^]*\n\$$/);
    terminal.type('fg\n');
    await terminal.shows(/Stopped[^]*\nTotal/);
    terminal.type('\x03');
    await terminal.shows(/Stopped[^]*\nTotal[^]*\n\$/);
    terminal.type('exit\n');
    expect(await terminal.ended()).toBe(130);
    await becomesTidy();
  });

  it('has plain lines where nothing can be drawn', async () => {
    const { name } = await largeImage('d');
    const terminal = imagectl(['pull', name], { env: { TERM: 'dumb', NO_COLOR: '1' } });
    expect(await terminal.ended()).toBe(0);
    expect(terminal.screen.writes.join('')).not.toContain('\x1b');
    expect(masked(terminal.screen.text())).toMatch(/^Copying blob sha256:ID$/m);
  });
});

describe('interrupted', () => {
  it('a save leaves no file, also where it was being written', async () => {
    const { name } = await largeImage('f');
    await scene.daemon.pull(name);
    const directory = join(scene.store.directory, 'saved');
    await mkdir(directory);
    const terminal = imagectl(['save', '-o', join(directory, 'a.tar'), name]);
    while ((await readdir(directory)).length === 0) await sleep(1);
    // It has no time to end.
    process.kill(scene.daemon.pid, 'SIGSTOP');
    terminal.type('\x03');
    try {
      expect(await terminal.ended()).toBe(130);
    } finally {
      process.kill(scene.daemon.pid, 'SIGCONT');
    }
    expect(await readdir(directory)).toEqual([]);
    await becomesTidy();
  });

  it('a second time, a save leaves nothing of what it has begun', async () => {
    const { name } = await largeImage('g');
    await scene.daemon.pull(name);
    const env = { PATH: process.env['PATH'] };
    await inPairs(['docker-archive', 'docker-dir'], async (format) => {
      const directory = join(scene.store.directory, format);
      await mkdir(directory);
      const words = ['save', '-q', '--format', format, '-o', join(directory, 'new'), name];
      const child = spawn(process.execPath, [program, '--url', slowAddress(), ...words], { env });
      // A directory is made before anything is written into it.
      while (!(await everything(directory)).some((path) => path !== 'new')) await sleep(5);
      // Both signals come before it can do anything about the first.
      for (const signal of ['SIGSTOP', 'SIGINT', 'SIGTERM', 'SIGCONT'] as const) child.kill(signal);
      await ended(child);
      expect([child.exitCode, await everything(directory)]).toEqual([expect.any(Number), []]);
    });
    await becomesTidy();
  });

  it('a load leaves nothing at the service', async () => {
    const words = ['-c', '(head -c 300000 /dev/zero; sleep 60) | "$0" "$1" load', process.execPath, program];
    const terminal = started('sh', words);
    await terminal.shows(/Sending standard input \d/);
    terminal.type('\x03');
    expect(await terminal.ended()).toBe(130);
    await becomesTidy();
  });

  it('is also what happens when nobody reads on', async () => {
    const env = { PATH: process.env['PATH'], IMAGED_ADDRESS: scene.daemon.address };
    for (const words of ['images', '--version', '--help']) {
      const line = `set -o pipefail; "$0" "$1" ${words} | sh -c "exec <&-"`;
      const options = { env, input: '' };
      const ended = await run('bash', ['--norc', '-c', line, process.execPath, program], options);
      expect([words, ended.stdout, ended.stderr, ended.code]).toEqual([words, '', '', 141]);
    }
  });
});

describe('every command on a terminal', () => {
  let count = 0;
  let names: Names;

  beforeAll(async () => {
    const { directory } = scene.store;
    const context = join(directory, 'context');
    const tar = join(directory, 'root.tar');
    const archive = join(directory, 'archive.tar');
    await mkdir(context);
    await writeFile(join(context, 'Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\n');
    await writeFile(tar, await buildTar([{ name: 'a', content: 'a' }]));
    await scene.store.podmanOutput('create', '--name', 'example', image, '/bin/sh');
    await scene.store.podmanOutput('save', '-o', archive, image);
    names = {
      IMAGE: image,
      REGISTRY: scene.registry.host,
      CONTAINER: 'example',
      ARCHIVE: archive,
      TAR: tar,
      CONTEXT: context,
      get NEW() {
        return `localhost/new:${(count += 1)}`;
      },
      get PATH() {
        return join(directory, `path-${(count += 1)}`);
      },
    };
  });

  it('is among the examples', () => {
    const called = new Set(terminalExamples.map(({ line }) => line.replace(/ .*/, '')));
    const all = commandTable.flatMap(({ top = [] }) => top).filter((name) => !name.startsWith('_'));
    expect(all.filter((name) => !called.has(name))).toEqual([]);
  });

  it('ends there as it does in a pipe, at the start of a line, and without colors', async () => {
    await inPairs(terminalExamples, async (example) => {
      const terminal = imagectl(wordsOf(example, names));
      if (example.typed !== undefined) {
        await sleep(300);
        terminal.type(example.typed);
      }
      const code = await terminal.ended();
      const { column } = terminal.screen.view().cursor;
      const text = terminal.screen.writes.join('');
      // Quiet ones say no more than what they have made.
      const isQuiet = !example.line.includes(' -q ') || /^((Loaded image: |sha256:)?\S+\r\n)*$/.test(text);
      expect([example.line, code, column, colors.test(text), isQuiet]).toEqual([
        example.line,
        example.code ?? 0,
        0,
        false,
        true,
      ]);
    });
  });
});

/** The paths below a directory. */
async function everything(directory: string): Promise<string[]> {
  return await readdir(directory, { recursive: true });
}

/** A service that says no more than 1 MB. */
function slowAddress(): string {
  const bridge = `'${process.execPath}' ${program} bridge --connect ${scene.daemon.address}`;
  return `bridge:sh -c "${bridge} | { stdbuf -o0 head -c ${megabyte}; cat > /dev/null; }"`;
}

/** Two at a time, since each waits for itself to be loaded. */
async function inPairs<T>(items: readonly T[], use: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await use(item);
  };
  await Promise.all([worker(), worker()]);
}
