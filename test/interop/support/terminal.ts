// A program on a pseudo-terminal, its screen, and a keyboard.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { TerminalScreen } from './terminal-screen.js';

export interface TerminalOptions {
  /** 100 by 30 when absent. */
  readonly columns?: number;
  readonly rows?: number;
  /** Variables on top of PATH and TERM. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/** What came out of a program, and when: milliseconds since its start. */
export interface Piece {
  readonly at: number;
  readonly text: string;
}

export interface OnTerminal {
  readonly screen: TerminalScreen;
  /** All that it has written so far. */
  readonly pieces: readonly Piece[];
  /** Of the program. */
  pid(): Promise<number>;
  /** Presses keys; `\x03` is Ctrl-C. */
  type(keys: string): void;
  /** Changes the size of the window while the program runs. */
  resize(columns: number, rows: number): Promise<void>;
  /** Resolves when the screen shows it; throws if the program ends before. */
  shows(pattern: RegExp): Promise<void>;
  /** Takes the terminal away from what still runs there. */
  close(): void;
  /** The exit code, as a shell has it. The screen shows everything then. */
  ended(): Promise<number | null>;
}

/** A program that has written nothing for so long will not do so in this moment. Milliseconds. */
const quiet = 600;

/** Starts a program on a terminal of its own. */
export function onTerminal(
  program: string,
  args: readonly string[],
  { columns = 100, rows = 30, env = {}, cwd }: TerminalOptions = {},
): OnTerminal {
  const words = [program, ...args].map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`);
  // script(1) gives the terminal; it has no size until it is set, and its exit code is the command's with -e.
  const command = `stty cols ${columns} rows ${rows}; exec ${words.join(' ')}`;
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', command, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd,
    env: { PATH: process.env['PATH'], TERM: 'xterm-256color', ...env },
  });
  const start = performance.now();
  const screen = new TerminalScreen(columns, rows);
  const pieces: Piece[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    pieces.push({ at: performance.now() - start, text });
    screen.write(text);
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  return {
    screen,
    pieces,
    pid: () => onlyChild(child),
    type: (keys) => void child.stdin.write(keys),
    async resize(newColumns, newRows) {
      const path = await readlink(`/proc/${await onlyChild(child)}/fd/2`);
      // A window changes at once, but here the program could draw between the two: not so when it has just drawn.
      await Promise.race([once(child.stdout, 'data'), sleep(quiet)]);
      await screen.settled();
      const args = ['-F', path, 'cols', String(newColumns), 'rows', String(newRows)];
      const { status } = spawnSync('stty', args);
      screen.resize(newColumns, newRows);
      if (status !== 0) throw new Error(`stty ${args.join(' ')} ended with ${status}`);
    },
    async shows(pattern) {
      while (!pattern.test(screen.text())) {
        if (child.exitCode !== null) throw new Error(`it ended and the screen shows: ${screen.text()}`);
        await sleep(10);
      }
    },
    close: () => void child.kill('SIGKILL'),
    async ended() {
      const [code] = await closed;
      await screen.settled();
      return code;
    },
  };
}

/** The process that script(1) has started. */
async function onlyChild({ pid }: ChildProcess): Promise<number> {
  for (;;) {
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    const [first] = children.trim().split(' ');
    if (first !== undefined && first !== '') return Number(first);
    await sleep(5);
  }
}
