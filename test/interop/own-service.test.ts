// docs/own-service.md does what it says: its files are written and its commands run, in an empty folder.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '../..');

interface Block {
  readonly language: string;
  /** The file it is, if it is one. */
  readonly title: string | undefined;
  readonly text: string;
}

interface Command {
  readonly line: string;
  readonly output: string;
}

function blocksOf(page: string): Block[] {
  const fences = page.matchAll(/^```(\w+)(?: title="([^"]+)")?\n([^]*?)^```$/gm);
  return [...fences].map(([, language = '', title, text = '']) => ({ language, title, text }));
}

function commandsOf(transcript: string): Command[] {
  return transcript
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n');
      return { line: part.slice(0, end), output: part.slice(end + 1) };
    });
}

/** What `npm install` would do, without a network. */
function install(directory: string): void {
  const modules = join(directory, 'node_modules');
  for (const folder of ['.bin', '@types']) mkdirSync(join(modules, folder), { recursive: true });
  symlinkSync(root, join(modules, 'imaged'));
  symlinkSync(join(root, 'dist/imaged-idl.js'), join(modules, '.bin/imaged-idl'));
  for (const name of ['typescript', '@types/node', '.bin/tsc'])
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
}

describe('the page about a service of your own', () => {
  let directory: string;
  let background: ChildProcess[];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'own-service-'));
    background = [];
  });

  afterEach(async () => {
    for (const child of background) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    }
    rmSync(directory, { recursive: true });
  });

  function run(line: string): string {
    // What npm thinks of the machine's configuration is not on the page.
    const env = { ...process.env, npm_config_loglevel: 'error' };
    const { stdout, stderr } = spawnSync('bash', ['-c', line], { cwd: directory, encoding: 'utf8', env });
    return stderr + stdout;
  }

  /** Starts a command that goes on; resolves to its first lines. */
  async function start(line: string, lines: number): Promise<string> {
    const child = spawn('bash', ['-c', `exec ${line}`], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    background.push(child);
    let output = '';
    for await (const chunk of child.stdout) {
      output += String(chunk);
      if (output.split('\n').length > lines) break;
    }
    return output;
  }

  it('leads from an empty folder to a service that is called through both doors', async () => {
    install(directory);
    const ran: string[] = [];
    for (const { language, title, text } of blocksOf(
      readFileSync(join(root, 'docs/own-service.md'), 'utf8'),
    )) {
      if (title !== undefined) {
        mkdirSync(dirname(join(directory, title)), { recursive: true });
        writeFileSync(join(directory, title), text);
      }
      if (language !== 'console') continue;
      for (const { line, output } of commandsOf(text)) {
        const found = line.endsWith(' &')
          ? await start(line.slice(0, -2), output.split('\n').length - 1)
          : run(line);
        expect(`$ ${line}\n${found}`).toBe(`$ ${line}\n${output}`);
        ran.push(line);
      }
    }
    expect(ran.filter((line) => line.startsWith('node dist/client.js'))).toHaveLength(2);
    const [server] = background;
    server?.kill('SIGTERM');
    expect(server && (await once(server, 'exit'))).toEqual([0, null]);
  });
});
