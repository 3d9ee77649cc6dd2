// podman, skopeo and buildah bound to one store in a temporary directory.
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { removeTree, temporaryDirectory, unmountBelow } from './files.js';
import { type Finished, output, run, type RunOptions } from './process.js';

// Why each line is there:
// - lock_type: the default locks live in one shared memory segment of the whole host, and a podman that starts on a
//   fresh store frees all of them;
// - runtime: crun refuses hosts that mount cgroup v1 and v2 side by side, runc runs on all;
// - default_ulimits: podman raises the limits to its own defaults, which needs CAP_SYS_RESOURCE;
// - events_logger, cgroup_manager: neither journald nor systemd is there in a container or a CI machine.
const containersConf = `
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
netns = "none"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
runtime = "runc"
`;

const policy = { default: [{ type: 'insecureAcceptAnything' }] };

export interface PeerStoreOptions {
  /** Where the store is made; the system's temporary directory when absent. */
  readonly parent?: string;
  /** Registries (`host:port`) that are spoken to in plain http. */
  readonly insecure?: readonly string[];
  /** Existing graphroot, e.g. on a file system of its own; it is not removed at the end. */
  readonly root?: string;
  /** Root of another system whose programs are to be used; it must have `parent` bound at the same path. */
  readonly chroot?: string;
}

/** One store and the programs that share it. */
export class PeerStore {
  readonly directory: string;
  readonly root: string;
  readonly runroot: string;
  readonly registriesConf: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly #chroot: string | undefined;

  private constructor(directory: string, root: string, chroot?: string) {
    this.directory = directory;
    this.#chroot = chroot;
    this.root = root;
    this.runroot = join(directory, 'run');
    this.registriesConf = join(directory, 'registries.conf');
    this.environment = {
      PATH: process.env['PATH'],
      HOME: directory,
      TMPDIR: join(directory, 'tmp'),
      CONTAINERS_CONF: join(directory, 'containers.conf'),
      CONTAINERS_STORAGE_CONF: join(directory, 'storage.conf'),
      CONTAINERS_REGISTRIES_CONF: this.registriesConf,
      REGISTRY_AUTH_FILE: join(directory, 'auth.json'),
    };
  }

  static async create(options: PeerStoreOptions = {}): Promise<PeerStore> {
    const directory = await temporaryDirectory('store', options.parent);
    // runc keeps its state below and wants to enter it as container root.
    await chmod(directory, 0o711);
    const store = new PeerStore(directory, options.root ?? join(directory, 'root'), options.chroot);
    await mkdir(join(directory, 'tmp'));
    const registries = (options.insecure ?? []).map(
      (location) => `[[registry]]\nlocation = ${JSON.stringify(location)}\ninsecure = true\n`,
    );
    await writeFile(store.registriesConf, `unqualified-search-registries = []\n${registries.join('')}`);
    await writeFile(join(directory, 'containers.conf'), containersConf);
    await writeFile(
      join(directory, 'storage.conf'),
      `[storage]\ndriver = "overlay"\ngraphroot = ${JSON.stringify(store.root)}\nrunroot = ${JSON.stringify(store.runroot)}\n`,
    );
    await writeFile(join(directory, 'auth.json'), '{}');
    await writeFile(join(directory, 'policy.json'), JSON.stringify(policy));
    return store;
  }

  /** The store as skopeo names it; `name` is an image name or `@ID`. */
  transport(name: string): string {
    return `containers-storage:[overlay@${this.root}+${this.runroot}]${name}`;
  }

  podman(args: readonly string[], options?: RunOptions): Promise<Finished> {
    return run(...this.#command('podman', [...this.podmanOptions(), ...args]), this.#options(options));
  }

  /** Standard output of a podman command that must succeed, without the last line break. */
  async podmanOutput(...args: readonly string[]): Promise<string> {
    return trimEnd(
      await output(...this.#command('podman', [...this.podmanOptions(), ...args]), this.#options()),
    );
  }

  async podmanJson<T>(...args: readonly string[]): Promise<T> {
    return JSON.parse(await this.podmanOutput(...args)) as T;
  }

  skopeo(args: readonly string[], options?: RunOptions): Promise<Finished> {
    return run(...this.#command('skopeo', this.#skopeoArguments(args)), this.#options(options));
  }

  async skopeoOutput(...args: readonly string[]): Promise<string> {
    return trimEnd(await output(...this.#command('skopeo', this.#skopeoArguments(args)), this.#options()));
  }

  async buildahOutput(...args: readonly string[]): Promise<string> {
    const place = ['--root', this.root, '--runroot', this.runroot, '--storage-driver', 'overlay'];
    return trimEnd(await output(...this.#command('buildah', [...place, ...args]), this.#options()));
  }

  podmanOptions(): string[] {
    return [
      '--root',
      this.root,
      '--runroot',
      this.runroot,
      '--tmpdir',
      join(this.directory, 'tmp', 'podman'),
      '--storage-driver',
      'overlay',
    ];
  }

  /** Unmounts what the programs left mounted; the files stay. */
  async unmount(): Promise<void> {
    await unmountBelow(join(this.#chroot ?? '/', this.root));
    await unmountBelow(this.root);
  }

  /** Unmounts what the programs left mounted and removes everything. */
  async close(): Promise<void> {
    await this.unmount();
    await removeTree(this.directory);
  }

  #skopeoArguments(args: readonly string[]): string[] {
    return ['--policy', join(this.directory, 'policy.json'), ...args];
  }

  #command(program: string, args: readonly string[]): [string, readonly string[]] {
    return this.#chroot === undefined ? [program, args] : ['chroot', [this.#chroot, program, ...args]];
  }

  #options(options?: RunOptions): RunOptions {
    return { env: this.environment, ...options };
  }
}

function trimEnd(text: string): string {
  return text.endsWith('\n') ? text.slice(0, -1) : text;
}
