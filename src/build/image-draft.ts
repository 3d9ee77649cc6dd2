// The image that a stage becomes: its configuration while instructions change it (build.md, Instructions).
import { posix } from 'node:path';
import type { ContainerConfig, Healthcheck, HistoryEntry, ImageConfig } from '../oci/config.js';
import type { Digest } from '../oci/digest.js';
import type { Platform } from '../oci/platform.js';
import { signalNumber } from '../oci/signal-number.js';
import { InstructionError } from './errors.js';

/** What a container gets as PATH, and an image that has none. */
export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const defaultShell = ['/bin/sh', '-c'];

/** What is beside the container's configuration. */
export interface DraftFacts {
  readonly created: string;
  readonly history: readonly HistoryEntry[];
  readonly diffIds: readonly Digest[];
}

/** Changed by one instruction after the other. */
export class ImageDraft {
  user: string;
  entrypoint: readonly string[];
  cmd: readonly string[];
  workingDir: string;
  stopSignal: string;
  shell: readonly string[];
  healthcheck: Healthcheck | undefined;
  author: string;
  readonly onBuild: string[];
  readonly #base: ImageConfig | undefined;
  readonly #platform: Platform;
  readonly #env: string[];
  /** So many of the first variables are the base's. */
  #inherited: number;
  readonly #labels: Map<string, string>;
  readonly #ports: Set<string>;
  readonly #volumes: Set<string>;
  /** CMD was given in this stage, so that ENTRYPOINT leaves it. */
  #ownCommand = false;

  /** Begins where `base` ends, or with nothing; what the base would run on build is not inherited. */
  constructor(base: ImageConfig | undefined, platform: Platform) {
    const config = base?.config;
    this.#base = base;
    this.#platform = platform;
    this.user = config?.user ?? '';
    this.entrypoint = config?.entrypoint ?? [];
    this.cmd = config?.cmd ?? [];
    this.workingDir = config?.workingDir ?? '';
    this.stopSignal = config?.stopSignal ?? '';
    this.shell = config?.shell ?? [];
    this.healthcheck = config?.healthcheck;
    this.author = base?.author ?? '';
    this.onBuild = [];
    this.#env = [...(config?.env ?? [])];
    this.#inherited = this.#env.length;
    this.#labels = new Map(Object.entries(config?.labels ?? {}));
    this.#ports = new Set(config?.exposedPorts);
    this.#volumes = new Set(config?.volumes);
    if (this.variable('PATH') === undefined) this.#env.push(`PATH=${defaultPath}`);
  }

  /** The same image, to be changed by a stage that begins with it. */
  copy(): ImageDraft {
    return new ImageDraft(this.config({ created: '', history: [], diffIds: [] }), this.#platform);
  }

  get env(): readonly string[] {
    return this.#env;
  }

  /** What runs commands that are written as text. */
  get shellCommand(): readonly string[] {
    return this.shell.length > 0 ? this.shell : defaultShell;
  }

  /** The value that ENV gave. */
  variable(name: string): string | undefined {
    const entry = this.#env.find((each) => each.startsWith(`${name}=`));
    return entry?.slice(name.length + 1);
  }

  /** What this stage has set keeps its place; what it inherited goes behind the rest of that, as the peer has it. */
  setVariable(name: string, value: string): void {
    const entry = `${name}=${value}`;
    const index = this.#env.findIndex((each) => each.startsWith(`${name}=`));
    if (index >= this.#inherited) {
      this.#env[index] = entry;
      return;
    }
    if (index >= 0) {
      this.#env.splice(index, 1);
      this.#inherited -= 1;
    }
    this.#env.push(entry);
  }

  setLabel(key: string, value: string): void {
    this.#labels.set(key, value);
  }

  setCommand(args: readonly string[]): void {
    this.cmd = args;
    this.#ownCommand = true;
  }

  setEntrypoint(args: readonly string[]): void {
    this.entrypoint = args;
    if (!this.#ownCommand) this.cmd = [];
  }

  /** `text` is relative to the directory before. */
  changeDirectory(text: string): void {
    if (text === '') throw new InstructionError('WORKDIR requires exactly one argument');
    const path = posix.resolve('/', this.workingDir, text);
    this.workingDir = path;
  }

  setStopSignal(text: string): void {
    const number = signalNumber(text);
    if (typeof number === 'string') throw new InstructionError(`STOPSIGNAL ${text}: ${number}`);
    this.stopSignal = text;
  }

  get volumes(): Iterable<string> {
    return this.#volumes;
  }

  addVolume(path: string): void {
    const trimmed = path.trim();
    if (trimmed === '') throw new InstructionError('VOLUME specified can not be an empty string');
    this.#volumes.add(trimmed);
  }

  /** `80`, `80/tcp`, `8000-8010/udp`: an entry for each port. */
  expose(text: string): void {
    const [, first = '', last = first, protocol = 'tcp'] =
      /^(\d{1,5})(?:-(\d{1,5}))?(?:\/([a-z]+))?$/i.exec(text) ?? [];
    const from = Number(first);
    const to = Number(last);
    if (first === '' || from > to || to > 65_535 || !/^(?:tcp|udp|sctp)$/i.test(protocol)) {
      throw new InstructionError(
        `EXPOSE ${text}: invalid port, must be PORT[-PORT][/tcp|udp|sctp] with ports up to 65535`,
      );
    }
    for (let port = from; port <= to; port += 1) this.#ports.add(`${port}/${protocol.toLowerCase()}`);
  }

  /** As it would be written with these layers and this history. */
  config({ created, history, diffIds }: DraftFacts): ImageConfig {
    const { os, architecture, variant } = this.#platform;
    const base = this.#base;
    return {
      created,
      author: this.author,
      architecture,
      variant: variant ?? '',
      os,
      osVersion: base?.osVersion ?? '',
      osFeatures: base?.osFeatures ?? [],
      dockerVersion: '',
      comment: '',
      config: this.#containerConfig(),
      rootfs: { type: 'layers', diffIds },
      history,
      raw: {},
    };
  }

  #containerConfig(): ContainerConfig {
    return {
      user: this.user,
      exposedPorts: [...this.#ports],
      env: [...this.#env],
      entrypoint: this.entrypoint,
      cmd: this.cmd,
      volumes: [...this.#volumes],
      workingDir: this.workingDir,
      labels: Object.fromEntries(this.#labels),
      stopSignal: this.stopSignal,
      argsEscaped: this.#base?.config.argsEscaped ?? false,
      onBuild: [...this.onBuild],
      shell: this.shell,
      ...(this.healthcheck !== undefined && { healthcheck: this.healthcheck }),
    };
  }
}
