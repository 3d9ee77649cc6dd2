// What can be called through this door: what the dispatcher has, and rpc.discover.
import type { JSONRPCID, JSONRPCErrorResponse, JSONRPCResponse } from 'json-rpc-2.0';
import {
  createJSONRPCErrorResponse,
  createJSONRPCSuccessResponse,
  isJSONRPCID,
  JSONRPCErrorCode,
  JSONRPCServer,
} from 'json-rpc-2.0';
import type { Dispatcher } from '../dispatch.js';
import { MethodNotFound } from '../standard-errors.js';
import type { Call } from './call.js';
import { JsonRpcError, toJsonRpc } from './errors.js';

/** Handles requests as json-rpc-2.0 does. A result is JSON text already, which the writer puts in its place. */
export function methodsOf(dispatcher: Dispatcher): JSONRPCServer<Call> {
  // The dispatcher has a log of its own.
  const methods = new JSONRPCServer<Call>({ errorListener: () => {} });
  methods.mapErrorToJSONRPCErrorResponse = errorResponse;
  methods.addMethod('rpc.discover', () => discovered(dispatcher));
  methods.applyMiddleware((next, request, call) =>
    methods.hasMethod(request.method) ? next(request, call) : run(dispatcher, call),
  );
  return methods;
}

/** The response for a call that failed. */
export function errorResponse(id: JSONRPCID, error: unknown): JSONRPCErrorResponse {
  const { code, message, data } = toJsonRpc(error);
  return createJSONRPCErrorResponse(id, code, message, data);
}

/** Every interface with its file, byte for byte. */
function discovered(dispatcher: Dispatcher): string {
  const interfaces = dispatcher.interfaces().map(({ name, description }) => ({ name, description }));
  return JSON.stringify({ interfaces });
}

async function run(dispatcher: Dispatcher, call: Call): Promise<JSONRPCResponse | null> {
  const { id, method, params } = call.request;
  if (method.lastIndexOf('.') <= 0) throw new MethodNotFound(method);
  try {
    // It may have been given up while it waited for its turn.
    if (call.aborted) call.signal.throwIfAborted();
    const incoming = Array.isArray(params)
      ? { ...call.incoming, parameters: byName(params, method, dispatcher) }
      : call.incoming;
    const result = await dispatcher.run(incoming, call, call.reply);
    if (call.aborted) call.signal.throwIfAborted();
    return isJSONRPCID(id) ? createJSONRPCSuccessResponse(id, result) : null;
  } catch (error) {
    throw call.aborted ? call.signal.reason : error;
  }
}

/** Parameters given by position as varlink has them, by their names. */
function byName(params: readonly unknown[], method: string, dispatcher: Dispatcher): unknown {
  const described = dispatcher.describe(method);
  if (described === undefined) return undefined;
  const names = described.parameters ?? [];
  if (params.length > names.length)
    throw new JsonRpcError(
      JSONRPCErrorCode.InvalidParams,
      `${method} takes ${names.length} parameters by position, found ${params.length}`,
      { parameter: 'parameters' },
    );
  return Object.fromEntries(params.map((value, index) => [names[index], value]));
}
