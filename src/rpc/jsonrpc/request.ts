// What a line, or a member of a batch, must be to be a request.
import type { JSONRPCID, JSONRPCRequest } from 'json-rpc-2.0';
import { isJSONRPCID, isJSONRPCRequest, JSONRPCErrorCode } from 'json-rpc-2.0';
import { JsonRpcError } from './errors.js';

/** A request of the right shape: `method` is a string, `params` an object, a list, null or absent. */
export interface Request extends JSONRPCRequest {
  /** Whether the caller takes several replies; it does unless it says no. */
  readonly more?: boolean | null;
}

/** The request in a value. Throws {@link JsonRpcError} if it is none. */
export function parseRequest(value: unknown): Request {
  // The package looks only at the members it needs, and takes every value for an object.
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidRequest('a request is an object');
  const { id, method, params, more } = value as Readonly<Record<string, unknown>>;
  if (!isJSONRPCRequest(value)) throw invalidRequest('not a request of JSON-RPC 2.0');
  if (typeof method !== 'string') throw invalidRequest('method is not a string');
  if (id !== undefined && !isExactId(id)) throw invalidRequest('id is not a string, an exact number or null');
  if (typeof (params ?? {}) !== 'object') throw invalidRequest('params is neither an object nor a list');
  if (typeof (more ?? true) !== 'boolean') throw invalidRequest('more is neither true nor false');
  return value;
}

/** The id that an answer to `value` bears, whether that is a request or not; null where it has none. */
export function answerId(value: unknown): JSONRPCID {
  const id = (value as { readonly id?: unknown } | null)?.id;
  return isExactId(id) ? id : null;
}

/** A number that was rounded would come back as another one. */
function isExactId(id: unknown): id is JSONRPCID {
  if (!isJSONRPCID(id)) return false;
  return typeof id !== 'number' || (Number.isFinite(id) && Math.abs(id) <= Number.MAX_SAFE_INTEGER);
}

/** The error for what is no request, or one that cannot be taken. */
export function invalidRequest(problem: string): JsonRpcError {
  return new JsonRpcError(JSONRPCErrorCode.InvalidRequest, problem);
}
