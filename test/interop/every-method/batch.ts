// Many calls in one write at either door, and the one reply that ends each of them.
import type { RawClient } from '../../protocol/raw-client.js';

export interface BatchedCall {
  readonly method: string;
  readonly parameters: unknown;
  readonly more: boolean;
}

/** How a call ended. */
export interface Ending {
  /** The full name; undefined for a success. */
  readonly error: string | undefined;
  /** Of the error. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** What nobody else calls: its error is the answer to it and to nothing else. */
const lastMethod = 'no.such.interface.Last';

interface VarlinkReply {
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly continues?: boolean;
  readonly error?: string;
}

/** Throws if a call has no ending, or more than one. */
export async function endingsOverVarlink(
  client: RawClient,
  calls: readonly BatchedCall[],
): Promise<Ending[]> {
  client.send(
    ...calls.map(({ method, parameters, more }) => ({ method, parameters, ...(more ? { more } : {}) })),
    { method: lastMethod },
  );
  const endings: Ending[] = [];
  while (endings.length <= calls.length) {
    const reply = (await client.next()) as VarlinkReply | undefined;
    if (reply === undefined) throw new Error(`closed instead of ${JSON.stringify(calls[endings.length])}`);
    const { continues, error, parameters = {} } = reply;
    if (continues !== true) endings.push({ error, parameters });
  }
  const { error, parameters } = endings.pop() ?? { error: '', parameters: {} };
  if (error !== 'org.varlink.service.InterfaceNotFound')
    throw new Error(`a call was answered more than once: ${error} ${JSON.stringify(parameters)}`);
  return endings;
}

interface JsonRpcMessage {
  readonly id?: number | null;
  readonly method?: string;
  readonly error?: {
    readonly code: number;
    readonly data?: {
      readonly error?: string;
      readonly parameters?: Readonly<Record<string, unknown>>;
      readonly parameter?: string;
    };
  };
}

/** The same through the other door. */
export async function endingsOverJsonRpc(
  client: RawClient,
  calls: readonly BatchedCall[],
): Promise<Ending[]> {
  client.send(
    ...calls.map(({ method, parameters: params, more }, id) => ({
      jsonrpc: '2.0',
      id,
      method,
      params,
      ...(more ? {} : { more: false }),
    })),
  );
  const endings = new Map<number, Ending>();
  while (endings.size < calls.length) {
    const message = (await client.next()) as JsonRpcMessage | undefined;
    if (message === undefined) throw new Error(`closed with ${endings.size} of ${calls.length} answered`);
    const { id, error, method } = message;
    if (method !== undefined) continue;
    if (typeof id !== 'number' || endings.has(id))
      throw new Error(`answered twice: ${JSON.stringify(message)}`);
    endings.set(id, endingOf(error));
  }
  // What came too much would come before this.
  client.send({ jsonrpc: '2.0', id: -1, method: lastMethod });
  const message = (await client.next()) as JsonRpcMessage | undefined;
  if (message?.id !== -1) throw new Error(`one message too many: ${JSON.stringify(message)}`);
  return calls.map((_, id) => endings.get(id) ?? endingOf(undefined));
}

function endingOf(error: JsonRpcMessage['error']): Ending {
  if (error === undefined) return { error: undefined, parameters: {} };
  const { code, data = {} } = error;
  if (data.error !== undefined) return { error: data.error, parameters: data.parameters ?? {} };
  const name = code === -32602 ? 'org.varlink.service.InvalidParameter' : `code ${code}`;
  return { error: name, parameters: { parameter: data.parameter } };
}
