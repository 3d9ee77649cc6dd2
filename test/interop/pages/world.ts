// A shell on a machine of its own, as the reader of a page has one, with the registries that the page names.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { removeTree, temporaryDirectory } from '../support/files.js';
import { Transcript } from '../support/process.js';

export interface Ran {
  /** Standard output and standard error, as a terminal shows them. */
  readonly output: string;
  /** The commands that failed, each with its exit code. */
  readonly failed: readonly string[];
}

// How bash tells which command failed, and goes on, so that a test can say all that is wrong with a page.
const prologue = String.raw`set -o pipefail
trap 'printf "%s: exit code %s\n" "$BASH_COMMAND" "$?" >> /run/page/control/failed' ERR
`;

export class World {
  readonly #directory: string;
  readonly #control: string;
  readonly #shell: ChildProcess;
  readonly #says: Transcript;
  /** Asked for from the start: a shell that could not be set up has ended before anybody closes it. */
  readonly #closed: Promise<unknown>;
  #count = 0;

  private constructor(directory: string, control: string, shell: ChildProcess) {
    this.#directory = directory;
    this.#control = control;
    this.#shell = shell;
    this.#says = new Transcript(shell.stdout, shell.stderr);
    this.#closed = once(shell, 'close');
  }

  /** `hub` is the directory of {@link openHub}, `ports` those of its registries that are wanted. */
  static async open(hub: string, ports: readonly number[]): Promise<World> {
    const directory = await temporaryDirectory('page');
    const control = join(dirname(hub), 'control');
    await mkdir(control, { recursive: true });
    const script = join(process.cwd(), 'test', 'interop', 'pages', 'world.sh');
    const namespaces = ['--mount', '--net', '--pid', '--fork', '--kill-child'];
    const shell = spawn(
      'unshare',
      [...namespaces, 'bash', script, directory, process.cwd(), hub, ports.join(' ')],
      {
        stdio: 'pipe',
        cwd: '/',
        env: {
          PATH: `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${dirname(process.execPath)}`,
          HOME: '/root',
          USER: 'root',
          TERM: 'dumb',
          LANG: 'C.UTF-8',
          // The authority that signed for the registries, for imaged and for everything else.
          SSL_CERT_FILE: '/run/page/hub/authority.crt',
          npm_config_loglevel: 'error',
          npm_config_offline: 'true',
        },
      },
    );
    const world = new World(directory, control, shell);
    shell.stdin?.on('error', () => {});
    shell.stdin?.write(prologue);
    return world;
  }

  /** Runs a piece of shell where the last one left off. */
  async run(line: string): Promise<Ran> {
    const name = `${(this.#count += 1)}`;
    await writeFile(join(this.#control, name), line);
    await writeFile(join(this.#control, 'failed'), '');
    const file = `/run/page/control/${name}`;
    this.#shell.stdin?.write(`source ${file} > ${file}.out 2>&1 < /dev/null; echo "ran ${name}."\n`);
    const over = (): boolean => this.#shell.exitCode !== null || this.#shell.signalCode !== null;
    const done = await this.#says.match(new RegExp(`^ran ${name}\\.$`, 'm'), over, 30_000);
    const output = await readFile(join(this.#control, `${name}.out`), 'utf8').catch(() => '');
    if (done === undefined) throw new Error(`it did not end: ${output}`);
    const failed = (await readFile(join(this.#control, 'failed'), 'utf8'))
      .split('\n')
      // The piece as a whole fails with its last command.
      .filter((text) => text !== '' && !text.startsWith('source /run/page/'));
    return { output, failed };
  }

  /** Puts a file where the reader would: below the directory of the page, or anywhere. */
  async write(path: string, text: string): Promise<void> {
    await writeFile(join(this.#control, 'file'), text);
    await this.run(`mkdir -p "$(dirname ${path})" && cp /run/page/control/file ${path}`);
  }

  /** What the last command, which runs on, has printed so far. */
  async output(): Promise<string> {
    return readFile(join(this.#control, `${this.#count}.out`), 'utf8');
  }

  async close(): Promise<void> {
    // All processes of the namespace end with its first one.
    this.#shell.kill('SIGKILL');
    await this.#closed;
    await removeTree(this.#control);
    await removeTree(this.#directory);
  }
}
