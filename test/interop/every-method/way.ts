// The four ways to make a call: each protocol by its bytes, and by the generated client.
import { IoImagedClient, ioImaged } from '../../../src/generated/io-imaged.js';
import { IoPodmanClient, ioPodman } from '../../../src/generated/io-podman.js';
import { connect } from '../../../src/rpc/client.js';
import {
  VarlinkError,
  type Connection,
  type InterfaceDescriptor,
  type MethodDescriptor,
  type RawConnection,
  type Upgraded,
} from '../../../src/rpc/index.js';
import { RawClient } from '../../protocol/raw-client.js';

export type Parameters = Readonly<Record<string, unknown>>;

/** What a call came to, in the names of the wire and the same for every way. */
export interface Outcome {
  /** The parameters of each reply that is no error. */
  readonly replies: readonly Parameters[];
  readonly error?: { readonly name: string; readonly parameters: Parameters };
}

export interface Call {
  /** The full name. */
  readonly method: string;
  readonly parameters: Parameters;
  readonly mode: 'once' | 'more' | 'upgrade';
  /** With `upgrade`: what is sent behind the reply, and what comes then. It is one more reply. */
  readonly raw?: RawExchange | undefined;
}

export interface RawExchange {
  readonly send: string;
  /** How many bytes come, which the reply has as `bytes`; or frames, of which it has the letters, each once, as `frames`. */
  readonly expect: ((reply: Parameters) => number) | 'frames';
}

export interface Way {
  readonly name: string;
  /** Files travel through varlink only, and the generated client has no method for calls that must fail. */
  can(call: Pick<Call, 'method' | 'mode'>): boolean;
  /** Makes one call and takes all its replies. */
  call(call: Call): Promise<Outcome>;
  close(): Promise<void>;
}

/** All four, each on a connection of its own. Both addresses are paths of sockets. */
export async function openWays(varlink: string, jsonRpc: string): Promise<readonly Way[]> {
  return [
    new VarlinkBytes(varlink),
    new GeneratedClient('varlink', await connect(`unix:${varlink}`)),
    new JsonRpcBytes(jsonRpc),
    new GeneratedClient('JSON-RPC', await connect(`jsonrpc+unix:${jsonRpc}`)),
  ];
}

interface VarlinkReply {
  readonly parameters?: Parameters;
  readonly continues?: boolean;
  readonly error?: string;
}

class VarlinkBytes implements Way {
  readonly name = 'varlink';
  readonly #client: RawClient;

  constructor(path: string) {
    this.#client = new RawClient(path);
  }

  can(): boolean {
    return true;
  }

  async call({ method, parameters, mode, raw }: Call): Promise<Outcome> {
    this.#client.send({ method, parameters, ...(mode === 'once' ? {} : { [mode]: true }) });
    const replies: Parameters[] = [];
    for (;;) {
      const reply = (await this.#client.next()) as VarlinkReply | undefined;
      if (reply === undefined) throw new Error(`${method}: the connection was closed`);
      const { parameters: fields = {}, continues, error } = reply;
      if (error !== undefined) return { replies, error: { name: error, parameters: fields } };
      replies.push(fields);
      if (continues === true) continue;
      if (raw !== undefined) {
        this.#client.write(raw.send);
        replies.push(await answerTo(raw, fields, async (count) => (await this.#client.bytes(count)) ?? ''));
      }
      return { replies };
    }
  }

  async close(): Promise<void> {
    this.#client[Symbol.dispose]();
    await this.#client.closed;
  }
}

interface JsonRpcMessage {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: { readonly parameters: Parameters };
  readonly result?: Parameters;
  readonly error?: {
    readonly data?: {
      readonly error?: string;
      readonly parameters?: Parameters;
      readonly parameter?: string;
    };
  };
}

class JsonRpcBytes implements Way {
  readonly name = 'JSON-RPC';
  readonly #client: RawClient;
  #calls = 0;

  constructor(path: string) {
    this.#client = new RawClient(path, '\n');
  }

  can({ mode }: Pick<Call, 'mode'>): boolean {
    return mode !== 'upgrade';
  }

  async call({ method, parameters: params, mode }: Call): Promise<Outcome> {
    this.#calls += 1;
    const id = this.#calls;
    this.#client.send({ jsonrpc: '2.0', id, method, params, ...(mode === 'more' ? {} : { more: false }) });
    const replies: Parameters[] = [];
    for (;;) {
      const message = (await this.#client.next()) as JsonRpcMessage | undefined;
      if (message === undefined) throw new Error(`${method}: the connection was closed`);
      if (message.params !== undefined) replies.push(message.params.parameters);
      if (message.id !== id) continue;
      if (message.error === undefined) return { replies: [...replies, message.result ?? {}] };
      return { replies, error: errorOf(message.error) };
    }
  }

  async close(): Promise<void> {
    this.#client[Symbol.dispose]();
    await this.#client.closed;
  }
}

/** JSON-RPC has a code of its own for wrong parameters. */
function errorOf({ data = {} }: NonNullable<JsonRpcMessage['error']>): NonNullable<Outcome['error']> {
  const { error = 'org.varlink.service.InvalidParameter', parameters, parameter } = data;
  return { name: error, parameters: parameters ?? { parameter } };
}

/** Methods of a generated client: the parameters to a promise, or with `more` to replies. */
type Generated = Readonly<Record<string, (parameters: object) => unknown>>;

const suffixes = { once: '', more: 'More', upgrade: 'Upgrade' } as const;

/** Calls by the names of the generated client, from and to the names of the wire. */
class GeneratedClient implements Way {
  readonly name: string;
  readonly #connection: Connection;
  readonly #clients: ReadonlyMap<string, readonly [InterfaceDescriptor, Generated]>;
  readonly #upgrades: boolean;

  constructor(protocol: 'varlink' | 'JSON-RPC', connection: Connection) {
    this.name = `the client over ${protocol}`;
    this.#upgrades = protocol === 'varlink';
    this.#connection = connection;
    this.#clients = new Map<string, readonly [InterfaceDescriptor, Generated]>([
      [ioPodman.name, [ioPodman, new IoPodmanClient(connection) as unknown as Generated]],
      [ioImaged.name, [ioImaged, new IoImagedClient(connection) as unknown as Generated]],
    ]);
  }

  can({ method, mode }: Pick<Call, 'method' | 'mode'>): boolean {
    if (mode === 'upgrade' && !this.#upgrades) return false;
    const { client, described } = this.#find(method);
    return `${described.handler}${suffixes[mode]}` in client;
  }

  async call({ method, parameters, mode, raw }: Call): Promise<Outcome> {
    const { client, described } = this.#find(method);
    const { handler, check, write } = described;
    const wire = (reply: object): Parameters => asSent(write === undefined ? reply : write(reply as never));
    const replies: Parameters[] = [];
    try {
      const result = client[`${handler}${suffixes[mode]}`]?.(check(structuredClone(parameters)));
      if (mode === 'more') {
        for await (const reply of result as AsyncIterable<object>) replies.push(wire(reply));
      } else if (mode === 'once') {
        replies.push(wire((await result) as object));
      } else {
        const upgraded = (await result) as Upgraded<object>;
        const reply = wire(upgraded.reply);
        replies.push(reply);
        if (raw !== undefined) {
          await upgraded.raw.write(Buffer.from(raw.send));
          replies.push(await answerTo(raw, reply, async (count) => await bytesOf(upgraded.raw, count)));
        }
        upgraded.release();
      }
      return { replies };
    } catch (error) {
      if (!(error instanceof VarlinkError)) throw error;
      return { replies, error: { name: error.error, parameters: asSent(error.wire()) } };
    }
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  #find(method: string): { readonly client: Generated; readonly described: MethodDescriptor } {
    const dot = method.lastIndexOf('.');
    const [descriptor, client] = this.#clients.get(method.slice(0, dot)) ?? [];
    const described = descriptor?.methods[method.slice(dot + 1)];
    if (client === undefined || described === undefined) throw new Error(`${method} is not generated`);
    return { client, described };
  }
}

async function bytesOf(connection: RawConnection, count: number): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of connection.read(count)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

async function answerTo(
  { expect }: RawExchange,
  reply: Parameters,
  read: (count: number) => Promise<string>,
): Promise<Parameters> {
  if (expect !== 'frames') return { bytes: await read(expect(reply)) };
  const kinds = new Set<string>();
  for (;;) {
    const head = Buffer.from(await read(5), 'latin1');
    const kind = head.toString('latin1', 0, 1);
    kinds.add(kind);
    await read(head.readUInt32BE(1));
    if (kind === 'e' || kind === 'x') return { frames: [...kinds].toSorted().join('') };
  }
}

/** As JSON has it: without prototypes of the client's own, and without what is undefined. */
function asSent(value: object): Parameters {
  return JSON.parse(JSON.stringify(value)) as Parameters;
}
