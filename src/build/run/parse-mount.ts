// The flag --mount of RUN: what is to be mounted, as it was written (build.md, How RUN is run).
import { parseSize } from './parse-size.js';

/** A `--mount` nobody has looked up yet: `from` names a stage, an image or another context, `id` a secret, an agent or a cache. */
export type MountFlag =
  | {
      readonly type: 'bind';
      readonly from?: string;
      /** In the source; `/` is its root. */
      readonly source: string;
      /** Absolute, or relative to WORKDIR. */
      readonly target: string;
      readonly writable: boolean;
    }
  | {
      readonly type: 'cache';
      /** The target, if nothing else was given. */
      readonly id: string;
      readonly from?: string;
      readonly source: string;
      readonly target: string;
      readonly writable: boolean;
      readonly sharing: 'shared' | 'private' | 'locked';
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  | { readonly type: 'tmpfs'; readonly target: string; /** Bytes. */ readonly size?: number }
  | {
      readonly type: 'secret';
      readonly id: string;
      /** `/run/secrets/ID` if neither it nor a variable was given. */
      readonly target?: string;
      /** Of the environment. */
      readonly variable?: string;
      readonly required: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  | {
      readonly type: 'ssh';
      /** `default`, if nothing else was given. */
      readonly id: string;
      /** Absent where the builder may choose. */
      readonly target?: string;
      readonly required: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    };

/** A `--mount` that cannot be understood. */
export class MountFlagError extends Error {
  override readonly name = 'MountFlagError';
  readonly code = 'BAD_MOUNT';
  constructor(text: string, problem: string) {
    super(`--mount=${text}: ${problem}`);
  }
}

type MountType = MountFlag['type'];

/** One name for each key. */
const aliases: Readonly<Record<string, string>> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  readwrite: 'rw',
  readonly: 'ro',
};

/** Labels and propagation, which mean nothing to mounts that nobody else sees. */
const ignored = ['z', 'Z', 'relabel', 'bind-propagation'];

const keys: Readonly<Record<MountType, readonly string[]>> = {
  bind: ['from', 'source', 'target', 'rw', 'ro', ...ignored],
  cache: ['id', 'from', 'source', 'target', 'rw', 'ro', 'sharing', 'mode', 'uid', 'gid', ...ignored],
  tmpfs: ['target', 'size'],
  secret: ['id', 'source', 'target', 'env', 'required', 'mode', 'uid', 'gid'],
  ssh: ['id', 'target', 'required', 'mode', 'uid', 'gid'],
};

const DIRECTORY_MODE = 0o755;
const SECRET_MODE = 0o400;
const SOCKET_MODE = 0o600;

const builders: { readonly [Type in MountType]: (values: Values) => Extract<MountFlag, { type: Type }> } = {
  bind: (values) => ({
    type: 'bind',
    ...values.optional('from', 'from'),
    source: values.text('source') ?? '/',
    target: values.needed('target'),
    writable: values.isWritable(false),
  }),
  cache: (values) => ({
    type: 'cache',
    id: values.text('id') ?? values.needed('target'),
    ...values.optional('from', 'from'),
    source: values.text('source') ?? '/',
    target: values.needed('target'),
    writable: values.isWritable(true),
    sharing: values.sharing(),
    ...values.owner(DIRECTORY_MODE),
  }),
  tmpfs: (values) => ({ type: 'tmpfs', target: values.needed('target'), ...values.size() }),
  secret: (values) => {
    const id = values.text('id') ?? values.text('source') ?? values.text('target')?.split('/').at(-1) ?? '';
    if (id === '') throw values.error('needs an id');
    const variable = values.optional('env', 'variable');
    const target =
      values.text('target') ?? (variable.variable === undefined ? `/run/secrets/${id}` : undefined);
    return {
      type: 'secret',
      id,
      ...(target !== undefined && { target }),
      ...variable,
      required: values.flag('required') ?? false,
      ...values.owner(SECRET_MODE),
    };
  },
  ssh: (values) => ({
    type: 'ssh',
    id: values.text('id') ?? 'default',
    ...values.optional('target', 'target'),
    required: values.flag('required') ?? false,
    ...values.owner(SOCKET_MODE),
  }),
};

/** Parses the text behind `--mount=`, substituted: `type=cache,target=/root/.cache`. Throws {@link MountFlagError}. */
export function parseMountFlag(text: string): MountFlag {
  const values = readValues(text);
  const type = values.get('type') ?? 'bind';
  if (!isMountType(type)) throw new MountFlagError(text, `unknown type ${JSON.stringify(type)}`);
  for (const key of values.keys()) {
    if (key !== 'type' && !keys[type].includes(key))
      throw new MountFlagError(text, `a mount of type ${type} has no ${JSON.stringify(key)}`);
  }
  return builders[type](new Values(text, values));
}

function isMountType(type: string): type is MountType {
  return Object.hasOwn(keys, type);
}

/** The values of one flag by their keys, and what they mean. */
class Values {
  readonly #text: string;
  readonly #values: ReadonlyMap<string, string | undefined>;

  constructor(text: string, values: ReadonlyMap<string, string | undefined>) {
    this.#text = text;
    this.#values = values;
  }

  error(problem: string): MountFlagError {
    return new MountFlagError(this.#text, problem);
  }

  text(key: string): string | undefined {
    if (!this.#values.has(key)) return undefined;
    const value = this.#values.get(key) ?? '';
    if (value === '' || value.includes('\0')) throw this.error(`${key} needs a value`);
    return value;
  }

  needed(key: string): string {
    const value = this.text(key);
    if (value === undefined) throw this.error(`needs a ${key}`);
    return value;
  }

  optional<Name extends string>(key: string, name: Name): { readonly [key in Name]?: string } {
    const value = this.text(key);
    return (value === undefined ? {} : { [name]: value }) as { readonly [key in Name]?: string };
  }

  /** `key` alone is true. */
  flag(key: string): boolean | undefined {
    if (!this.#values.has(key)) return undefined;
    const value = (this.#values.get(key) ?? 'true').toLowerCase();
    if (['true', 't', '1'].includes(value)) return true;
    if (['false', 'f', '0'].includes(value)) return false;
    throw this.error(`${key} is true or false, not ${JSON.stringify(value)}`);
  }

  isWritable(usual: boolean): boolean {
    const writable = this.flag('rw');
    const readOnly = this.flag('ro');
    if (writable !== undefined && writable === readOnly)
      throw this.error('is to be written and not to be written');
    return writable ?? (readOnly === undefined ? usual : !readOnly);
  }

  sharing(): 'shared' | 'private' | 'locked' {
    const sharing = this.text('sharing') ?? 'shared';
    if (sharing === 'shared' || sharing === 'private' || sharing === 'locked') return sharing;
    throw this.error(`sharing is shared, private or locked, not ${JSON.stringify(sharing)}`);
  }

  size(): { readonly size?: number } {
    const text = this.text('size');
    if (text === undefined) return {};
    const size = parseSize(text);
    if (size === undefined) throw this.error(`${JSON.stringify(text)} is no size`);
    return { size };
  }

  owner(mode: number): { readonly mode: number; readonly uid: number; readonly gid: number } {
    return { mode: this.#number('mode', 8, 0o7777) ?? mode, uid: this.#id('uid'), gid: this.#id('gid') };
  }

  #id(key: string): number {
    return this.#number(key, 10, 0xffff_fffe) ?? 0;
  }

  #number(key: string, base: 8 | 10, highest: number): number | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    const digits = base === 8 ? /^(?:0o)?([0-7]{1,6})$/ : /^(\d{1,10})$/;
    const number = Number.parseInt(digits.exec(text)?.[1] ?? '', base);
    if (number <= highest) return number;
    throw this.error(`${key} ${JSON.stringify(text)} is no ${base === 8 ? 'mode' : 'number of an account'}`);
  }
}

/** A line of comma-separated values; one with a comma stands in double quotes, in which two of them are one. */
function readValues(text: string): Map<string, string | undefined> {
  const values = new Map<string, string | undefined>();
  const field = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (let end = false; !end;) {
    const found = field.exec(text);
    if (found === null) throw new MountFlagError(text, 'a quote is not where it may be');
    const pair = found[1]?.replaceAll('""', '"') ?? found[2] ?? '';
    const equals = pair.indexOf('=');
    const name = (equals < 0 ? pair : pair.slice(0, equals)).trim();
    const key = aliases[name.toLowerCase()] ?? (ignored.includes(name) ? name : name.toLowerCase());
    if (key === '') throw new MountFlagError(text, 'an empty key');
    values.set(key, equals < 0 ? undefined : pair.slice(equals + 1));
    end = found[3] === '';
  }
  return values;
}
