// What a service sends: responses, and the replies before them.
import type { JSONRPCResponse } from 'json-rpc-2.0';
import { isJSONRPCResponse } from 'json-rpc-2.0';
import { ProtocolError } from '../connection-errors.js';
import type { Reply } from '../reply.js';
import { fromJsonRpc } from './errors.js';

/** A response, or the parameters of a reply that is not the last; `id` is that of the call. */
export type Message =
  | { readonly id: unknown; readonly response: JSONRPCResponse }
  | { readonly id: unknown; readonly response?: undefined; readonly parameters: unknown };

/**
 * The message in the value of a line; undefined for an empty line and for notifications that mean nothing here. Throws
 * {@link ProtocolError} for what is none, and for a request that the service did not understand.
 */
export function parseMessage(value: unknown): Message | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null) throw new ProtocolError('a line is not an object');
  if (isJSONRPCResponse(value)) {
    const { id, error } = value;
    if (error === undefined) return { id, response: value };
    if (typeof error?.code !== 'number' || typeof error.message !== 'string')
      throw new ProtocolError('an error has no code or no message');
    if (id === null) throw new ProtocolError(`the service takes a call for none: ${error.message}`);
    return { id, response: value };
  }
  const { method, params } = value as Readonly<Record<string, unknown>>;
  if (typeof method !== 'string') throw new ProtocolError('a line is neither a response nor a notification');
  if (method !== '$/reply' || typeof params !== 'object' || params === null) return undefined;
  const { id, parameters } = params as Readonly<Record<string, unknown>>;
  return { id, parameters: parameters ?? {} };
}

/** The reply in a response, which is the last one. */
export function lastReply({ result, error }: JSONRPCResponse): Reply {
  return error === undefined
    ? { parameters: (result as unknown) ?? {}, continues: false }
    : { parameters: {}, continues: false, error: fromJsonRpc(error) };
}
