// A journal of our own: systemd-journald in a mount namespace, where it has a directory for its sockets to itself.
import { type ChildProcess, spawn } from 'node:child_process';

import { output, stop, Transcript } from './process.js';

/** Both are found nowhere else: what is mounted here hides the host's journal from those within, and nobody else. */
const script = `
set -e
mount -t tmpfs tmpfs /run/systemd
mount -t tmpfs tmpfs /run/log
mkdir /run/systemd/journal
/lib/systemd/systemd-journald 2>/dev/null &
until [ -S /run/systemd/journal/socket ] && [ -S /run/systemd/journal/stdout ]; do sleep 0.02; done
echo ready
wait
`;

export class OwnJournal {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(): Promise<OwnJournal> {
    const child = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    if ((await new Transcript(child.stdout).match(/^ready$/m, () => child.exitCode !== null)) === undefined)
      throw new Error('systemd-journald did not start');
    return new OwnJournal(child);
  }

  /** The command that runs `command` where this is the journal, with both its outputs going there, as those of a service do. */
  command(...command: readonly string[]): [program: string, args: string[]] {
    const connected = 'JOURNAL_STREAM=$(stat -Lc %d:%i /proc/self/fd/2) exec "$@"';
    return this.#within('systemd-cat', 'sh', '-c', connected, 'sh', ...command);
  }

  /** The entries that have these fields, `PRIORITY=6`. */
  async entries(...matches: readonly string[]): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const [program, args] = this.#within('journalctl', '-D', '/run/log/journal', '-o', 'json', ...matches);
    return (await output(program, args))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  }

  async close(): Promise<void> {
    const { pid } = this.#child;
    if (pid !== undefined) process.kill(-pid, 'SIGTERM');
    await stop(this.#child);
  }

  #within(...command: readonly string[]): [program: string, args: string[]] {
    return ['nsenter', ['--mount', '--target', String(this.#child.pid), ...command]];
  }
}
