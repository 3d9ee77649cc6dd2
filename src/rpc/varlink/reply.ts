// What a service sends, as varlink has it.
import { ProtocolError } from '../connection-errors.js';
import { decodeJson } from '../json.js';
import type { Reply } from '../reply.js';
import { replyError } from '../transport.js';

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

function json(bytes: Buffer): unknown {
  try {
    return decodeJson(bytes);
  } catch (error) {
    throw new ProtocolError('a reply is not JSON', { cause: error });
  }
}
