// Changes to an image's configuration as import and commit take them: `CMD=/bin/sh`, `ENV a=b` (images-and-transports §12).
import { posix } from 'node:path';
import { signalNumber } from '../../oci/signal-number.js';

/** What a list of changes asks for; what is absent stays as it is. */
export interface ConfigChanges {
  readonly user?: string;
  /** `80/tcp`. */
  readonly exposedPorts: readonly string[];
  /** `key=value`, in order, each as often as it was given. */
  readonly env: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly volumes: readonly string[];
  readonly workingDir?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** A decimal number. */
  readonly stopSignal?: string;
  /** For Docker's format only. */
  readonly onBuild: readonly string[];
}

/** A change that is none. The message is the wording clients know. */
export class InvalidChangeError extends Error {
  override readonly name = 'InvalidChangeError';
  readonly code = 'INVALID_CHANGE';
  constructor(change: string, reason: string) {
    super(`invalid change ${JSON.stringify(change)} - ${reason}`);
  }
}

type Draft = {
  -readonly [Key in keyof Omit<ConfigChanges, 'labels'>]: ConfigChanges[Key] extends readonly string[]
    ? string[]
    : ConfigChanges[Key];
} & { readonly labels: Map<string, string> };

/** Throws {@link InvalidChangeError}. */
export function parseChanges(changes: readonly string[]): ConfigChanges {
  const draft: Draft = { exposedPorts: [], env: [], volumes: [], labels: new Map(), onBuild: [] };
  for (const change of changes) {
    const reason = apply(draft, change);
    if (reason !== undefined) throw new InvalidChangeError(change, reason);
  }
  return { ...draft, labels: Object.fromEntries(draft.labels) };
}

/** Why the change cannot be made; undefined if it was. */
function apply(draft: Draft, change: string): string | undefined {
  // The first blank separates, and only where there is none the first equals sign.
  const separator = change.includes(' ') ? change.indexOf(' ') : change.indexOf('=');
  if (separator < 0) return 'must be formatted as KEY VALUE';
  const instruction = change.slice(0, separator).trim().toUpperCase();
  const setter = setters.get(instruction);
  if (setter === undefined) return `invalid instruction ${instruction}`;
  return setter(draft, change.slice(separator + 1).trim());
}

/** Each takes the value, or says why it does not. */
const setters: ReadonlyMap<string, (draft: Draft, value: string) => string | undefined> = new Map([
  ['USER', setUser],
  ['EXPOSE', addPort],
  ['ENV', addVariable],
  ['ENTRYPOINT', setEntrypoint],
  ['CMD', setCommand],
  ['VOLUME', addVolumes],
  ['WORKDIR', changeDirectory],
  ['LABEL', addLabel],
  ['STOPSIGNAL', setStopSignal],
  ['ONBUILD', addTrigger],
]);

function setUser(draft: Draft, value: string): string | undefined {
  if (value === '') return 'must provide a value to USER';
  draft.user = value;
  return undefined;
}

function addPort(draft: Draft, value: string): string | undefined {
  const [port = '', protocol = 'tcp', more] = value.split('/');
  if (more !== undefined) return 'EXPOSE port must be formatted as PORT[/PROTO]';
  const number = Number(port);
  if (!/^[+-]?[0-9]+$/.test(port)) return notAnInteger(port, 'invalid syntax');
  if (!Number.isSafeInteger(number)) return notAnInteger(port, 'value out of range');
  if (number < 1 || number > 65_535) return 'EXPOSE port must be a valid port number';
  if (!/^(?:tcp|udp)$/i.test(protocol)) return 'EXPOSE protocol must be TCP or UDP';
  draft.exposedPorts.push(`${number}/${protocol.toLowerCase()}`);
  return undefined;
}

function notAnInteger(port: string, reason: string): string {
  return `EXPOSE port must be an integer: strconv.Atoi: parsing ${JSON.stringify(port)}: ${reason}`;
}

function addVariable(draft: Draft, value: string): string | undefined {
  const [key, text = ''] = pair(value);
  if (key === '') return 'ENV must have at least one argument';
  draft.env.push(`${unquoted(key)}=${unquoted(text)}`);
  return undefined;
}

function setEntrypoint(draft: Draft, value: string): undefined {
  draft.entrypoint = jsonArray(value) ?? (value === '' ? [] : ['/bin/sh', '-c', value]);
}

function setCommand(draft: Draft, value: string): undefined {
  draft.cmd = jsonArray(value) ?? ['/bin/sh', '-c', ...(value === '' ? [] : [value])];
}

function addVolumes(draft: Draft, value: string): string | undefined {
  const paths = jsonArray(value) ?? value.split(' ');
  if (paths.length === 0) return 'must provide at least one argument to VOLUME';
  if (paths.includes('')) return 'VOLUME paths must not be empty';
  draft.volumes.push(...paths);
  return undefined;
}

/** Relative to the one before, even if it is absolute. */
function changeDirectory(draft: Draft, value: string): string | undefined {
  if (value === '') return 'must provide a non-empty WORKDIR';
  const joined = posix.join(draft.workingDir ?? '', value);
  draft.workingDir = joined === '/' ? joined : joined.replace(/\/$/, '');
  return undefined;
}

function addLabel(draft: Draft, value: string): string | undefined {
  const [quotedKey, text] = pair(value);
  if (text === undefined) return 'LABEL must be formatted key=value';
  const key = unquoted(quotedKey);
  if (key === '') return 'LABEL must have a non-empty key';
  draft.labels.set(key, unquoted(text));
  return undefined;
}

function setStopSignal(draft: Draft, value: string): string | undefined {
  const signal = signalNumber(value.replace(/^-/, ''));
  if (typeof signal === 'string') return `KILLSIGNAL must be given a valid signal: ${signal}`;
  draft.stopSignal = String(signal);
  return undefined;
}

function addTrigger(draft: Draft, value: string): string | undefined {
  if (value === '') return 'ONBUILD must be given an argument';
  draft.onBuild.push(value);
  return undefined;
}

/** Split at the first equals sign, if there is one. */
function pair(text: string): readonly [string, string?] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text] : [text.slice(0, equals), text.slice(equals + 1)];
}

function unquoted(text: string): string {
  return text.startsWith('"') && text.endsWith('"') ? text.slice(1).replace(/"$/, '') : text;
}

/** The strings of a JSON array; undefined for anything else. As Go reads it, null is no strings, or an empty one. */
function jsonArray(text: string): string[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (value === null) return [];
  if (!Array.isArray(value)) return undefined;
  const items = value.map((item: unknown) => item ?? '');
  return items.every((item) => typeof item === 'string') ? items : undefined;
}
