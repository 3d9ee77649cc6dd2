// Copies of the builder without a builder: a context, a root, and what buildah makes of the same.
import { closeSync, constants, openSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { CopyPlace } from '../../../src/build/copy/copy-place.js';
import type { CopyRequest } from '../../../src/build/copy/copy-request.js';
import { copySources } from '../../../src/build/copy/copy-sources.js';
import { digestSources } from '../../../src/build/copy/digest-sources.js';
import { parseIgnore } from '../../../src/build/ignore/parse-ignore.js';
import { AbortFlag } from '../../../src/sys/abort-flag.js';
import { removeTree, temporaryDirectory } from './files.js';
import { PeerStore } from './peer-store.js';
import { output } from './process.js';
import { describeTree } from './tree.js';

/** One directory with a context and a root in it, made by shell scripts. */
export class CopyBench {
  readonly directory: string;
  readonly context: string;
  readonly root: string;
  readonly cache: string;
  #ignore: readonly string[] = [];

  private constructor(directory: string) {
    this.directory = directory;
    this.context = join(directory, 'context');
    this.root = join(directory, 'root');
    this.cache = join(directory, 'cache');
  }

  /** The scripts run in the context and in the root. */
  static async create(context: string, root = ''): Promise<CopyBench> {
    const bench = new CopyBench(await temporaryDirectory('copy'));
    for (const path of [bench.context, bench.root, bench.cache]) await mkdir(path);
    await runScript(bench.context, context);
    await runScript(bench.root, root);
    return bench;
  }

  async ignore(text: string): Promise<void> {
    await writeFile(join(this.context, '.dockerignore'), text);
    this.#ignore = parseIgnore(text);
  }

  /** An instruction as it stands in a Dockerfile, without quotes and variables. */
  request(line: string): CopyRequest {
    const words = line.split(' ');
    const flags = words.filter((word) => word.startsWith('--'));
    const [instruction = '', ...paths] = words.filter((word) => !word.startsWith('--'));
    const value = (name: string): string | undefined =>
      flags.find((flag) => flag.startsWith(`--${name}=`))?.slice(name.length + 3);
    const chown = value('chown');
    const chmod = value('chmod');
    return {
      instruction: instruction === 'ADD' ? 'add' : 'copy',
      parts: [
        {
          source: { kind: 'context', directory: this.context, ignore: this.#ignore },
          patterns: paths.slice(0, -1),
        },
      ],
      destination: paths.at(-1) ?? '',
      ...(chown !== undefined && { chown }),
      ...(chmod !== undefined && { chmod }),
      excludes: flags.flatMap((flag) =>
        flag.startsWith('--exclude=') ? [flag.slice('--exclude='.length)] : [],
      ),
      parents: flags.includes('--parents'),
      link: flags.includes('--link'),
      unpack: instruction === 'ADD',
    };
  }

  async copy(request: CopyRequest | string, abort = new AbortFlag()): Promise<void> {
    await this.#with(abort, (place) =>
      copySources(typeof request === 'string' ? this.request(request) : request, place),
    );
  }

  async digest(request: CopyRequest | string, cacheDirectory?: string): Promise<string> {
    return await this.#with(new AbortFlag(), (place) =>
      digestSources(typeof request === 'string' ? this.request(request) : request, {
        ...place,
        cacheDirectory,
      }),
    );
  }

  /** What is in the root, one line for each entry. */
  tree(): Promise<string[]> {
    return describeTree(this.root);
  }

  async remove(): Promise<void> {
    await removeTree(this.directory);
  }

  async #with<T>(abort: AbortFlag, use: (place: CopyPlace) => Promise<T>): Promise<T> {
    const opened = new Map<string, number>();
    const open = (path: string): number => {
      const fd = opened.get(path) ?? openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
      opened.set(path, fd);
      return fd;
    };
    try {
      return await use({
        root: open(this.root),
        openSource: (source) => {
          if (source.kind !== 'stack') return open(source.directory);
          const [directory = ''] = source.stack.lowers;
          return open(directory);
        },
        abort,
        cacheDirectory: undefined,
      });
    } finally {
      for (const fd of opened.values()) closeSync(fd);
    }
  }
}

/** buildah and a store for it. */
export class CopyPeer {
  readonly store: PeerStore;
  /** The images of the scripts that were run. */
  readonly #bases = new Map<string, Promise<string>>();

  private constructor(store: PeerStore) {
    this.store = store;
  }

  static async create(): Promise<CopyPeer> {
    return new CopyPeer(await PeerStore.create());
  }

  /** What the history says of each of the lines, built from scratch. */
  async digests(bench: CopyBench, lines: readonly string[]): Promise<string[]> {
    const id = await this.#build(bench, 'scratch', lines, '--layers');
    const inspected = JSON.parse(
      await this.store.buildahOutput('inspect', '--type', 'image', id),
    ) as Inspected;
    return inspected.OCIv1.history.flatMap(({ created_by: text }) => {
      const match = /#\(nop\) (?:COPY|ADD) (\S+) in /.exec(text);
      return match === null ? [] : [match[1] ?? ''];
    });
  }

  /** The tree after the lines, on a base that the script has made. */
  async tree(bench: CopyBench, base: string, lines: readonly string[]): Promise<string[]> {
    const { store } = this;
    const image = this.#bases.get(base) ?? this.#makeBase(base);
    this.#bases.set(base, image);
    // A layer for each line would take several times as long, and makes no other tree.
    const id = await this.#build(bench, await image, lines, '--layers=false');
    const result = await store.buildahOutput('from', '--pull-never', id);
    try {
      return await describeTree(await store.buildahOutput('mount', result));
    } finally {
      await store.buildahOutput('rm', result);
    }
  }

  async remove(): Promise<void> {
    await this.store.close();
  }

  async #makeBase(script: string): Promise<string> {
    const { store } = this;
    const name = `localhost/base${this.#bases.size}`;
    const container = await store.buildahOutput('from', 'scratch');
    await runScript(await store.buildahOutput('mount', container), script);
    await store.buildahOutput('commit', '--quiet', container, name);
    await store.buildahOutput('rm', container);
    return name;
  }

  async #build(
    bench: CopyBench,
    base: string,
    lines: readonly string[],
    layers: '--layers' | '--layers=false',
  ): Promise<string> {
    const file = join(bench.directory, 'Dockerfile');
    await writeFile(file, `FROM ${base}\n${lines.join('\n')}\n`);
    return await this.store.buildahOutput(
      'bud',
      layers,
      '--no-cache',
      '--pull-never',
      '--quiet',
      '--file',
      file,
      bench.context,
    );
  }
}

interface Inspected {
  readonly OCIv1: { readonly history: readonly { readonly created_by: string }[] };
}

async function runScript(directory: string, script: string): Promise<void> {
  await output('bash', ['-euc', `cd "$1"\n${script}`, 'script', directory]);
}
