// The named connections of a user: a file of its own, which is replaced as a whole and by one program at a time.
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CommandError } from '../errors.js';
import { systemText } from '../payload.js';

/** How a service is reached. What else is in the file stays there. */
export interface NamedConnection {
  readonly address: string;
  /** Of ssh. */
  readonly identity?: string;
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

interface Document {
  default?: string;
  connections?: Record<string, NamedConnection>;
}

/** Bytes; there is no list as long as that. */
const mostBytes = 1024 * 1024;
/** Whoever holds the lock for longer has died with it; milliseconds. */
const lockTime = 5000;

/** What a file says. */
export class Connections {
  readonly #document: Document;

  constructor(document: Document) {
    this.#document = document;
  }

  /** In the order of their names. */
  get names(): readonly string[] {
    return Object.keys(this.#document.connections ?? {}).toSorted();
  }

  /** That of the default; undefined if there is none. */
  get default(): string | undefined {
    const { default: name } = this.#document;
    return name !== undefined && this.find(name) !== undefined ? name : undefined;
  }

  find(name: string): NamedConnection | undefined {
    const { connections = {} } = this.#document;
    return Object.hasOwn(connections, name) ? connections[name] : undefined;
  }

  /** Throws {@link CommandError} where there is none of that name. */
  get(name: string): NamedConnection {
    const found = this.find(name);
    if (found !== undefined) return found;
    throw new CommandError(
      `"${name}" destination is not defined. See "imagectl connection add ..." to create a connection`,
    );
  }

  /** The first is the default, as with podman. */
  set(name: string, connection: NamedConnection, isDefault: boolean): void {
    const { connections = {} } = this.#document;
    if (isDefault || Object.keys(connections).length === 0) this.#document.default = name;
    // What another program has noted of it stays.
    this.#document.connections = { ...connections, [name]: { ...connections[name], ...connection } };
  }

  setDefault(name: string): void {
    this.get(name);
    this.#document.default = name;
  }

  rename(from: string, to: string): void {
    const connection = this.get(from);
    const wasDefault = this.#document.default === from;
    this.remove(from);
    this.set(to, connection, wasDefault);
  }

  remove(name: string): void {
    const { [name]: _, ...others } = this.#document.connections ?? {};
    this.#document.connections = others;
    if (this.#document.default === name) delete this.#document.default;
  }

  toString(): string {
    return `${JSON.stringify(this.#document, undefined, 2)}\n`;
  }
}

/** What is in the file now; nothing if there is none. Throws {@link CommandError}. */
export async function readConnections(path: string): Promise<Connections> {
  let text: string;
  try {
    if ((await stat(path)).size > mostBytes) throw new CommandError(`${path}: it is too large`);
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Connections({});
    if (error instanceof CommandError) throw error;
    throw new CommandError(`open ${path}: ${systemText(error)}`, undefined, { cause: error });
  }
  return new Connections(parse(path, text));
}

/** Changes the file; changes of several programs at once are all in it. Throws {@link CommandError}. */
export async function changeConnections(
  path: string,
  change: (connections: Connections) => void,
): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await withLock(`${path}.lock`, async () => {
      const connections = await readConnections(path);
      change(connections);
      const temporary = `${path}.${randomBytes(6).toString('hex')}`;
      try {
        await writeFile(temporary, connections.toString(), { flag: 'wx', mode: 0o600 });
        await rename(temporary, path);
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    });
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`write ${path}: ${systemText(error)}`, undefined, { cause: error });
  }
}

async function withLock(path: string, action: () => Promise<void>): Promise<void> {
  for (const end = Date.now() + 2 * lockTime; ;) {
    try {
      await (await open(path, 'wx', 0o600)).close();
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const since = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (since > lockTime) await rm(path, { force: true });
    else await pause(20);
    if (Date.now() > end) throw new CommandError(`${path}: another program does not let go of it`);
  }
  try {
    await action();
  } finally {
    await rm(path, { force: true });
  }
}

/** Of every field that is used the type is looked at: somebody may have written it by hand. */
function parse(path: string, text: string): Document {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CommandError(`${path}: ${(cause as Error).message}`, undefined, { cause });
  }
  if (!isObject(value)) throw new CommandError(`${path}: expected an object`);
  const { default: name, connections = {} } = value;
  if (name !== undefined && typeof name !== 'string')
    throw new CommandError(`${path}: default: expected a name`);
  if (!isObject(connections)) throw new CommandError(`${path}: connections: expected an object`);
  for (const [each, connection] of Object.entries(connections)) {
    const where = `${path}: connections.${each}`;
    if (!isObject(connection) || typeof connection['address'] !== 'string')
      throw new CommandError(`${where}: expected an object with an address`);
    const { identity, tls = {} } = connection;
    if (!isText(identity)) throw new CommandError(`${where}.identity: expected a path`);
    if (!isObject(tls) || ![tls['ca'], tls['cert'], tls['key']].every(isText))
      throw new CommandError(`${where}.tls: expected ca, cert and key with paths`);
  }
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}
