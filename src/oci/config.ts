// Image configurations: what Inspect, History and the checks of a pull need to know of one.
import type { Digest } from './digest.js';
import { DigestError, parseDigest } from './digest.js';
import { Fields, JsonFieldError } from './json-fields.js';
import type { JsonObject } from './strict-json.js';
import { StrictJsonError, parseStrictJson } from './strict-json.js';

/** How a container of the image starts, if nobody says otherwise. */
export interface ContainerConfig {
  readonly user: string;
  /** `80/tcp`; sorted. */
  readonly exposedPorts: readonly string[];
  readonly env: readonly string[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** Paths; sorted. */
  readonly volumes: readonly string[];
  readonly workingDir: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly stopSignal: string;
  /** Windows alone looks at it. */
  readonly argsEscaped: boolean;
  readonly onBuild: readonly string[];
  readonly shell: readonly string[];
  readonly healthcheck?: Healthcheck;
}

/** Docker's health check; times in nanoseconds. */
export interface Healthcheck {
  readonly test: readonly string[];
  readonly interval: number;
  readonly timeout: number;
  readonly startPeriod: number;
  readonly startInterval: number;
  readonly retries: number;
}

/** One step of an image's making; texts as they were written. */
export interface HistoryEntry {
  readonly created?: string;
  readonly createdBy: string;
  readonly author: string;
  readonly comment: string;
  readonly emptyLayer: boolean;
}

/** A configuration; absent texts are empty. */
export interface ImageConfig {
  /** As it was written; absent when there is none. */
  readonly created?: string;
  readonly author: string;
  readonly architecture: string;
  readonly variant: string;
  readonly os: string;
  readonly osVersion: string;
  readonly osFeatures: readonly string[];
  readonly dockerVersion: string;
  readonly comment: string;
  readonly config: ContainerConfig;
  /** Of the container the image was committed from; Docker's format only. */
  readonly containerConfig?: ContainerConfig;
  readonly rootfs: { readonly type: string; readonly diffIds: readonly Digest[] };
  readonly history: readonly HistoryEntry[];
  /** The whole document. */
  readonly raw: JsonObject;
}

/** Bytes that are no image configuration. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'INVALID_CONFIG';
}

/** Parses a configuration of either format. Throws {@link ConfigError}. */
export function parseConfig(bytes: Uint8Array): ImageConfig {
  try {
    const raw = parseStrictJson(bytes);
    return readConfig(new Fields(raw), raw as JsonObject);
  } catch (cause) {
    const expected =
      cause instanceof StrictJsonError || cause instanceof JsonFieldError || cause instanceof DigestError;
    if (!expected) throw cause;
    throw new ConfigError(`invalid image configuration: ${cause.message}`, { cause });
  }
}

function readConfig(fields: Fields, raw: JsonObject): ImageConfig {
  const created = fields.string('created');
  const rootfs = fields.object('rootfs');
  const containerConfig = fields.object('container_config');
  return {
    ...(created !== undefined && { created }),
    author: fields.string('author') ?? '',
    architecture: fields.string('architecture') ?? '',
    variant: fields.string('variant') ?? '',
    os: fields.string('os') ?? '',
    osVersion: fields.string('os.version') ?? '',
    osFeatures: fields.strings('os.features') ?? [],
    dockerVersion: fields.string('docker_version') ?? '',
    comment: fields.string('comment') ?? '',
    config: readContainerConfig(fields.object('config') ?? new Fields({})),
    ...(containerConfig !== undefined && { containerConfig: readContainerConfig(containerConfig) }),
    rootfs: {
      type: rootfs?.string('type') ?? '',
      diffIds: (rootfs?.strings('diff_ids') ?? []).map(parseDigest),
    },
    history: fields.list('history', readHistoryEntry) ?? [],
    raw,
  };
}

function readContainerConfig(fields: Fields): ContainerConfig {
  const healthcheck = fields.object('Healthcheck');
  return {
    user: fields.string('User') ?? '',
    exposedPorts: sortedKeys(fields.object('ExposedPorts')),
    env: fields.strings('Env') ?? [],
    entrypoint: command(fields, 'Entrypoint'),
    cmd: command(fields, 'Cmd'),
    volumes: sortedKeys(fields.object('Volumes')),
    workingDir: fields.string('WorkingDir') ?? '',
    labels: fields.stringMap('Labels') ?? {},
    stopSignal: fields.string('StopSignal') ?? '',
    argsEscaped: fields.boolean('ArgsEscaped') ?? false,
    onBuild: fields.strings('OnBuild') ?? [],
    shell: command(fields, 'Shell'),
    ...(healthcheck !== undefined && { healthcheck: readHealthcheck(healthcheck) }),
  };
}

/** Old images have a single text where a list is meant. */
function command(fields: Fields, key: string): readonly string[] {
  const value = fields.get(key);
  return typeof value === 'string' ? [value] : (fields.strings(key) ?? []);
}

function sortedKeys(fields: Fields | undefined): readonly string[] {
  return fields === undefined ? [] : fields.keys().toSorted();
}

function readHealthcheck(fields: Fields): Healthcheck {
  return {
    test: fields.strings('Test') ?? [],
    interval: fields.integer('Interval') ?? 0,
    timeout: fields.integer('Timeout') ?? 0,
    startPeriod: fields.integer('StartPeriod') ?? 0,
    startInterval: fields.integer('StartInterval') ?? 0,
    retries: fields.integer('Retries') ?? 0,
  };
}

function readHistoryEntry(fields: Fields): HistoryEntry {
  const created = fields.string('created');
  return {
    ...(created !== undefined && { created }),
    createdBy: fields.string('created_by') ?? '',
    author: fields.string('author') ?? '',
    comment: fields.string('comment') ?? '',
    emptyLayer: fields.boolean('empty_layer') ?? false,
  };
}
