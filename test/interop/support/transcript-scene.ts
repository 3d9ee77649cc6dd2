// The store on which the transcripts of imagectl are made, and how a run becomes lines that are the same on every machine.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';

import { imagectl as runHere, type Run } from '../../client/support/imagectl.js';
import { buildImage } from '../../peers/sample-image.js';
import { buildShellImage } from '../../peers/shell-image.js';
import type { CommandExample } from './command-examples.js';
import { type Finished, output, run } from './process.js';
import { Scene } from './scene.js';

const program = join(process.cwd(), 'dist', 'imagectl.js');

export class TranscriptScene {
  readonly #scene: Scene;
  readonly #files: string;
  readonly #names: ReadonlyMap<string, string>;

  private constructor(scene: Scene, files: string, names: ReadonlyMap<string, string>) {
    this.#scene = scene;
    this.#files = files;
    this.#names = names;
  }

  static async open(): Promise<TranscriptScene> {
    const scene = await Scene.open();
    const files = join(scene.store.directory, 'files');
    await mkdir(join(files, 'context'), { recursive: true });
    await writeFile(join(files, 'context', 'Containerfile'), 'FROM scratch\nCOPY hello /hello\nLABEL a=b\n');
    await writeFile(join(files, 'context', 'hello'), 'hello\n');
    await output('tar', ['-C', join(files, 'context'), '-cf', join(files, 'files.tar'), 'hello']);
    const base = scene.serve('base', await buildShellImage());
    const app = scene.serve(
      'app',
      await buildImage({
        format: 'docker',
        layers: [[{ name: 'app', content: 'app' }]],
        created: '2024-03-01T00:00:00Z',
        config: { Labels: { role: 'app' }, Env: ['PATH=/bin'] },
        history: [{ created: '2024-03-01T00:00:00Z', created_by: 'COPY app /app', comment: 'first & last' }],
      }),
    );
    await scene.store.podmanOutput('pull', '-q', base);
    await scene.store.podmanOutput('create', '--name', 'container', base, '/bin/true');
    await scene.store.podmanOutput('untag', base);
    const names = new Map([
      ['REGISTRY', scene.registry.host],
      ['FILES', files],
      ['BASE', base],
      ['APP', app],
      ['CONTAINER', 'container'],
    ]);
    return new TranscriptScene(scene, files, names);
  }

  words({ line }: CommandExample): string[] {
    return line.split(' ').map((word) => word.replace(/[A-Z]{3,}/, (name) => this.#names.get(name) ?? name));
  }

  /** In this process, as if into a pipe. */
  imagectlHere(example: CommandExample): Promise<Run> {
    const input = new PassThrough();
    input.end(example.input ?? '');
    const stdio = { input, output: new PassThrough() };
    return runHere(this.#scene.daemon, this.words(example), {
      now: Date.now,
      stdio,
      connectionFile: join(this.#files, 'imaged', 'connections.json'),
    });
  }

  /** In a process of its own, into pipes. */
  imagectl(example: CommandExample): Promise<Finished> {
    const env = {
      PATH: process.env['PATH'],
      XDG_CONFIG_HOME: this.#files,
      IMAGED_ADDRESS: this.#scene.daemon.address,
    };
    return run(process.execPath, [program, ...this.words(example)], { env, input: example.input ?? '' });
  }

  podman(example: CommandExample): Promise<Finished> {
    return this.#scene.store.podman(this.words(example), { input: example.input ?? '' });
  }

  /** What was printed, and how it ended, without what differs from run to run. */
  transcript({ line, input }: CommandExample, { stdout, stderr, code }: Run | Finished): string {
    const typed = input === undefined ? '' : ` <<< ${JSON.stringify(input)}`;
    const errors = stderr === '' ? '' : stderr.replace(/^(?=.)/gm, '2> ');
    const ended = [stdout, errors].filter((text) => text !== '').map((text) => text.replace(/\n?$/, '\n'));
    return `$ imagectl ${line}${typed}\n${this.#lasting(ended.join(''))}exit ${code}\n`;
  }

  #lasting(text: string): string {
    const { store, registry, daemon } = this.#scene;
    return text
      .replaceAll(daemon.address, 'unix:SOCKET')
      .replaceAll(this.#files, 'FILES')
      .replaceAll(store.directory, 'STORE')
      .replaceAll(registry.host, 'REGISTRY')
      .replace(/\b[\da-f]{64}\b/g, 'ID')

      .replace(/\b[\da-f]{11,12}\b/g, 'SHORT-ID')
      .replace(/(?:Less than a second|About an? \w+|\d+ \w+) ago/g, 'AGE')
      .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d+(?:Z| \+0000 UTC)?/g, 'TIME')
      .replace(
        /^(\s*(?:arch|cpus|kernel|hostname|memFree|memTotal|swapFree|swapTotal|uptime|distribution|version|backingFilesystem|Backing Filesystem|GoVersion|buildahVersion|Version|Native Overlay Diff|number|os)): .*$/gm,
        '$1: VALUE',
      )
      .replace(/^((?:Built|Version|Go Version|OS\/Arch):) +.*$/gm, '$1 VALUE')
      .replace(/[\d.]+ ?(?:[kMG]?B)\b/g, 'SIZE')
      .replace(/[ \t]+$/gm, '')
      .replace(/(?<=\S) {2,}/g, '  ');
  }

  close(): Promise<void> {
    return this.#scene.store
      .podman(['rm', '--all', '--force', '--time', '0'])
      .then(() => this.#scene.close());
  }
}

/** Where the transcripts of a command are. */
export function transcriptFile({ line }: CommandExample): string {
  const words = line.split(' ');
  const name = words[0] === 'image' && words[1] !== undefined ? `image-${words[1]}` : (words[0] ?? '');
  return join('test', 'client', 'transcripts', `${name}.txt`);
}
