// What a service sends: a reply, or an error in its place.
import { InvalidReplyError, ProtocolError } from '../connection-errors.js';
import { FieldError } from '../fields.js';
import { decodeJson } from '../json.js';
import type { Check } from '../transport.js';
import { replyError } from '../transport.js';
import type { VarlinkError } from '../varlink-error.js';

export interface Reply {
  /** Never absent: `{}` where the service left them out. */
  readonly parameters: unknown;
  readonly continues: boolean;
  /** There if the call has failed. */
  readonly error?: VarlinkError;
}

/** The reply in a message. Throws {@link ProtocolError} unless it has the shape of one. */
export function decodeReply(bytes: Buffer): Reply {
  const message = json(bytes);
  if (typeof message !== 'object' || message === null || Array.isArray(message))
    throw new ProtocolError('a reply is not an object');
  const { parameters, error, continues } = message as Record<string, unknown>;
  if (typeof (continues ?? false) !== 'boolean')
    throw new ProtocolError('continues is neither true nor false');
  if (error === undefined || error === null)
    return { parameters: parameters ?? {}, continues: continues === true };
  if (typeof error !== 'string') throw new ProtocolError('the name of an error is not a string');
  // An error is a last reply, whatever else it says.
  const fields = (parameters ?? {}) as Record<string, unknown>;
  return { parameters: fields, continues: false, error: replyError(error, fields) };
}

/** The parameters of a reply as its interface declares them. Throws its error, or {@link InvalidReplyError}. */
export function checkReply<T>(method: string, reply: Reply, check: Check<T>): T {
  if (reply.error !== undefined) throw reply.error;
  try {
    return check(reply.parameters);
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    throw new InvalidReplyError(`${method}: ${error.message}`, { cause: error });
  }
}

function json(bytes: Buffer): unknown {
  try {
    return decodeJson(bytes);
  } catch (error) {
    throw new ProtocolError('a reply is not JSON', { cause: error });
  }
}
