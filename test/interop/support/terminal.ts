// A program on a pseudo-terminal, its screen, and a keyboard.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { Screen } from '../../client/support/screen.js';

export interface OnTerminal {
  readonly screen: Screen;
  /** Presses keys; `\x03` is Ctrl-C. */
  type(keys: string): void;
  /** Resolves when the screen shows it; throws if the program ends before. */
  shows(pattern: RegExp): Promise<void>;
  /** The exit code, as a shell has it. */
  ended(): Promise<number | null>;
}

/** Starts a program on a terminal of its own, 100 by 30. */
export function onTerminal(program: string, args: readonly string[]): OnTerminal {
  const words = [program, ...args].map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`);
  // script(1) gives the terminal; it has no size until it is set, and its exit code is the command's with -e.
  const command = `stty cols 100 rows 30; exec ${words.join(' ')}`;
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', command, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], TERM: 'xterm' },
  });
  const screen = new Screen(100, 30);
  child.stdout.setEncoding('utf8').on('data', (text: string) => screen.write(text));
  const closed = once(child, 'close') as Promise<[number | null]>;
  return {
    screen,
    type: (keys) => void child.stdin.write(keys),
    async shows(pattern) {
      while (!pattern.test(screen.text())) {
        if (child.exitCode !== null) throw new Error(`it ended and the screen shows: ${screen.text()}`);
        await sleep(10);
      }
    },
    ended: async () => (await closed)[0],
  };
}
