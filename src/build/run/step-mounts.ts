// What a RUN asked to be mounted: --mount, volumes, devices and its script. Each source is held by a mount of ours first, so that
// nothing can be put in its place before the runtime takes it.
import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { closeDescriptor, must, O_PATH, openDirectory, openInRoot } from '../../sys/files.js';
import { mountBind, mountOverlay, unmount } from '../../sys/mount.js';
import { AgentProxy, type FileAccess } from './agent-proxy.js';
import { type OpenCache, openCache } from './cache-mount.js';
import type { CopySource } from '../copy/copy-request.js';
import { RunRequestError } from './errors.js';
import type { MountKind, MountPoints } from './mount-points.js';
import type { BundleMount } from './oci-bundle.js';
import type { RunMount, RunRequest } from './run-request.js';
import type { RunPlace } from './run-place.js';
import { parseDevices, parseVolume, type Volume } from './volumes.js';

/** Where a script is seen. */
export const SCRIPT_PATH = '/dev/pipes/script';

/** As large as the peers take it. */
const SECRET_BYTES = 512 * 1024;

/** Where step mounts are prepared. */
export interface StepMountPlace {
  readonly place: RunPlace;
  /** In memory, private, gone after the step. */
  readonly directory: string;
  /** On a disk, private, empty, removed after the step. */
  readonly scratch: string;
  readonly points: MountPoints;
}

type Mount<Type extends RunMount['type']> = Extract<RunMount, { type: Type }>;

/** Lives as long as the step; `close` unmounts and lets go of everything. */
export class StepMounts implements AsyncDisposable {
  readonly mounts: BundleMount[] = [];
  /** `KEY=VALUE` for the command: secrets and the socket of the agent. */
  readonly env: string[] = [];
  readonly #at: StepMountPlace;
  readonly #mounted: string[] = [];
  readonly #caches = new Map<string, OpenCache>();
  readonly #proxies: AgentProxy[] = [];
  #count = 0;

  private constructor(at: StepMountPlace) {
    this.#at = at;
  }

  /** Prepares everything that the request mounts; waits for caches that others have locked. Throws {@link RunRequestError}. */
  static async open(at: StepMountPlace, request: RunRequest, signal: AbortSignal): Promise<StepMounts> {
    const step = new StepMounts(at);
    try {
      // In one order everywhere, so that two steps do not wait for one another.
      const caches = request.mounts.filter((mount) => mount.type === 'cache');
      for (const cache of caches.toSorted((a, b) => (a.directory < b.directory ? -1 : 1)))
        await step.#openCache(cache, signal);
      for (const volume of request.settings.volumes) step.#addVolume(parseVolume(volume));
      for (const text of request.settings.devices)
        for (const { source, target } of parseDevices(text))
          step.#add(target, 'file', source, ['bind', 'rw', 'nosuid', 'noexec', 'dev']);
      for (const mount of request.mounts) await step.#addMount(mount, resolve(request.cwd, targetOf(mount)));
      if (request.script !== undefined) step.#addScript(request.script);
      return step;
    } catch (error) {
      await step[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const proxy of this.#proxies.splice(0)) await proxy.close();
    for (const path of this.#mounted.splice(0).toReversed()) unmount(path);
    for (const cache of this.#caches.values()) cache[Symbol.dispose]();
    this.#caches.clear();
  }

  async #addMount(mount: RunMount, target: string): Promise<void> {
    if (mount.type === 'bind') this.#addBind(mount, target);
    else if (mount.type === 'cache') this.#addCache(mount, target);
    else if (mount.type === 'tmpfs') this.#addMemory(mount, target);
    else if (mount.type === 'secret') this.#addSecret(mount, target);
    else await this.#addAgent(mount, target);
  }

  #addBind(mount: Mount<'bind'>, target: string): void {
    const found = this.#openSource(mount.source, mount.path);
    try {
      this.#bind(found, target, { writable: mount.writable, overlay: mount.writable, options: ['nodev'] });
    } finally {
      closeDescriptor(found);
    }
  }

  #addVolume(volume: Volume): void {
    let found: number;
    try {
      found = openSync(volume.source, O_PATH);
    } catch (error) {
      throw new RunRequestError(`volume ${volume.source}: ${(error as Error).message}`, { cause: error });
    }
    try {
      this.#bind(found, volume.target, volume);
    } finally {
      closeSync(found);
    }
  }

  /** Mounts what the descriptor is; `overlay`: changes are thrown away. */
  #bind(
    found: number,
    target: string,
    { writable, overlay, options }: Omit<Volume, 'source' | 'target'>,
  ): void {
    const kind = fstatSync(found).isDirectory() ? 'directory' : 'file';
    const held = `/proc/self/fd/${found}`;
    const source = overlay && writable ? this.#copyOnWrite(held, kind) : this.#hold(held, kind);
    this.#add(target, kind, source, ['bind', writable ? 'rw' : 'ro', ...options]);
  }

  /** A mount of ours of something that may be renamed or replaced where it is. */
  #hold(source: string, kind: MountKind): string {
    const path = this.#newEntry(kind);
    mountBind(source, path);
    this.#mounted.push(path);
    return path;
  }

  #copyOnWrite(source: string, kind: MountKind): string {
    const scratch = join(this.#at.scratch, `changes-${this.#count++}`);
    const held = this.#hold(source, kind);
    if (kind === 'file') {
      copyFileSync(held, scratch);
      dress(scratch, held);
      return scratch;
    }
    const top = { upper: join(scratch, 'upper'), work: join(scratch, 'work') };
    for (const path of [scratch, top.upper, top.work]) mkdirSync(path);
    dress(top.upper, held);
    const path = this.#newEntry('directory');
    mountOverlay([held], path, top);
    this.#mounted.push(path);
    return path;
  }

  async #openCache(mount: Mount<'cache'>, signal: AbortSignal): Promise<void> {
    // Twice in one step is one cache: nobody waits for himself.
    if (this.#caches.has(mount.directory)) return;
    let seed: number | undefined;
    const openSeed = (): number | undefined => {
      const from = mount.seed;
      seed ??= from === undefined ? undefined : this.#openSource(from.source, from.path);
      return seed;
    };
    try {
      this.#caches.set(mount.directory, await openCache(mount, openSeed, signal));
    } finally {
      if (seed !== undefined) closeDescriptor(seed);
    }
  }

  #addCache(mount: Mount<'cache'>, target: string): void {
    const directory = this.#caches.get(mount.directory)?.directory ?? mount.directory;
    this.#add(target, 'directory', directory, ['bind', mount.writable ? 'rw' : 'ro', 'nodev']);
  }

  #addMemory({ size }: Mount<'tmpfs'>, target: string): void {
    const options = ['nosuid', 'nodev', 'mode=1777', ...(size === undefined ? [] : [`size=${size}`])];
    const destination = this.#at.points.add(target, 'directory');
    this.mounts.push({ destination, type: 'tmpfs', source: 'tmpfs', options });
  }

  #addSecret(mount: Mount<'secret'>, target: string): void {
    const content = readSecret(mount.file);
    if (mount.variable !== undefined) {
      const value = content.toString();
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(mount.variable) || value.includes('\0'))
        throw new RunRequestError(`a secret cannot be the variable ${JSON.stringify(mount.variable)}`);
      this.env.push(`${mount.variable}=${value}`);
    }
    if (mount.target === undefined) return;
    const path = this.#newName();
    writeFileSync(path, content, { mode: 0o600, flag: 'wx' });
    give(path, mount);
    this.#add(target, 'file', path, ['bind', 'ro']);
  }

  async #addAgent(mount: Mount<'ssh'>, target: string): Promise<void> {
    const path = this.#newName();
    const directory = must(openDirectory(this.#at.directory), 'open', this.#at.directory);
    try {
      // Names of sockets are short, those of directories need not be.
      const short = join(`/proc/self/fd/${directory}`, path.slice(this.#at.directory.length + 1));
      this.#proxies.push(await AgentProxy.open(mount.socket, short, mount));
    } finally {
      closeDescriptor(directory);
    }
    this.#add(target, 'file', path, ['bind', 'rw']);
    if (!this.env.some((one) => one.startsWith('SSH_AUTH_SOCK='))) this.env.push(`SSH_AUTH_SOCK=${target}`);
  }

  #addScript(content: string): void {
    const path = this.#newName();
    writeFileSync(path, content, { mode: 0o700, flag: 'wx' });
    give(path, { mode: 0o755, uid: 0, gid: 0 });
    this.#add(SCRIPT_PATH, 'file', path, ['bind', 'ro']);
  }

  #add(target: string, kind: MountKind, source: string, options: readonly string[]): void {
    this.mounts.push({ destination: this.#at.points.add(target, kind), type: 'bind', source, options });
  }

  /** Of the host, without opening it; closed by the caller. */
  #openSource(source: CopySource, path: string): number {
    const root = must(openDirectory(this.#at.place.mountSource(source)), 'open', path);
    try {
      const found = openInRoot(root, Buffer.from(path).toString('latin1').replace(/^\/*/, './'), O_PATH);
      if (found < 0) throw new RunRequestError(`${path} cannot be mounted: it is not in the source`);
      return found;
    } finally {
      closeDescriptor(root);
    }
  }

  #newName(): string {
    return join(this.#at.directory, `mount-${this.#count++}`);
  }

  #newEntry(kind: MountKind): string {
    const path = this.#newName();
    if (kind === 'directory') mkdirSync(path);
    else writeFileSync(path, '', { flag: 'wx' });
    return path;
  }
}

function targetOf(mount: RunMount): string {
  return mount.target ?? '';
}

/** Owner and mode of `like`. */
function dress(path: string, like: string): void {
  const found = openSync(like, O_PATH);
  try {
    give(path, fstatSync(found));
  } finally {
    closeSync(found);
  }
}

function give(path: string, { mode, uid, gid }: FileAccess): void {
  chownSync(path, uid, gid);
  chmodSync(path, mode & 0o7777);
}

function readSecret(file: string): Buffer {
  const content = readFileSync(file);
  if (content.length <= SECRET_BYTES) return content;
  throw new RunRequestError(`a secret of ${content.length} bytes is more than ${SECRET_BYTES}`);
}
