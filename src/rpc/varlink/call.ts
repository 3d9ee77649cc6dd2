// What a caller sends.
import { ProtocolError } from '../connection-errors.js';
import type { IncomingCall } from '../dispatch.js';
import { decodeJson } from '../json.js';

/** The call in a message. Throws {@link ProtocolError} unless it has the shape of one. */
export function decodeCall(bytes: Buffer, maxDepth: number): IncomingCall {
  const value = decodeJson(bytes, maxDepth);
  // Callers in Go may send null for a call without anything in it: there is no method of that name.
  const fields = (value ?? {}) as Record<string, unknown>;
  if (typeof fields !== 'object' || Array.isArray(fields))
    throw new ProtocolError('a message is not an object');
  const method = own(fields, 'method') ?? '';
  if (typeof method !== 'string') throw new ProtocolError('method is not a string');
  const call = {
    method,
    parameters: own(fields, 'parameters'),
    more: flag(fields, 'more'),
    oneway: flag(fields, 'oneway'),
    upgrade: flag(fields, 'upgrade'),
    door: 'varlink' as const,
  };
  if (Number(call.more) + Number(call.oneway) + Number(call.upgrade) > 1)
    throw new ProtocolError('a call has two flags');
  return call;
}

function flag(fields: Record<string, unknown>, name: string): boolean {
  const set = own(fields, name) ?? false;
  if (typeof set !== 'boolean') throw new ProtocolError(`${name} is neither true nor false`);
  return set;
}

/** A member that is there and not null. */
function own(fields: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(fields, name) ? (fields[name] ?? undefined) : undefined;
}
