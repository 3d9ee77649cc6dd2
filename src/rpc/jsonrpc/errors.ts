// The one table between errors of interfaces and those of JSON-RPC, read in both directions.
import type { JSONRPCError } from 'json-rpc-2.0';
import { JSONRPCErrorCode } from 'json-rpc-2.0';
import {
  ExpectedUpgrade,
  InterfaceNotFound,
  InvalidParameter,
  MethodNotFound,
  MethodNotImplemented,
} from '../standard-errors.js';
import { replyError } from '../transport.js';
import { UnexpectedError, VarlinkError } from '../varlink-error.js';

/** An error that an interface declares; which one is in `data`. */
export const interfaceErrorCode = -32000;
/** What `$/cancel` asked for has happened. */
export const cancelledCode = -32001;

/** As a number, for what arrives is one. */
const invalidParams: number = JSONRPCErrorCode.InvalidParams;

/** A call whose caller said `$/cancel`. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';
  readonly code = 'CANCELLED';
}

/** A call that would take the connection over, which belongs to all calls on it. */
export class UpgradeUnsupportedError extends Error {
  override readonly name = 'UpgradeUnsupportedError';
  readonly code = 'UPGRADE_UNSUPPORTED';
}

/** An error of JSON-RPC itself that stands for no error of an interface. */
export class JsonRpcError extends Error {
  override readonly name = 'JsonRpcError';
  readonly code = 'JSONRPC_ERROR';
  /** The number that arrived, such as -32600. */
  readonly number: number;
  readonly data: unknown;
  constructor(number: number, message: string, data?: unknown) {
    super(message);
    this.number = number;
    this.data = data;
  }
}

/** What a caller is told of an error; never its stack. */
export function toJsonRpc(error: unknown): JSONRPCError {
  if (error instanceof InvalidParameter)
    return { code: JSONRPCErrorCode.InvalidParams, message: error.message, data: error.wire() };
  if (error instanceof VarlinkError) {
    const data = { error: error.error, parameters: error.wire() };
    return { code: codeOf(error), message: messageOf(error), data };
  }
  if (error instanceof JsonRpcError) return { code: error.number, message: error.message, data: error.data };
  if (error instanceof CancelledError) return { code: cancelledCode, message: error.message };
  return { code: JSONRPCErrorCode.InternalError, message: 'Internal error' };
}

function codeOf(error: VarlinkError): number {
  switch (error.constructor) {
    case MethodNotFound:
    case InterfaceNotFound:
    case MethodNotImplemented:
    case ExpectedUpgrade:
      return JSONRPCErrorCode.MethodNotFound;
    case UnexpectedError:
      return JSONRPCErrorCode.InternalError;
    default:
      return interfaceErrorCode;
  }
}

function messageOf(error: VarlinkError): string {
  return error instanceof ExpectedUpgrade
    ? 'the method takes the connection over: it can be called through varlink only'
    : error.message;
}

/** The error that was told: one of an interface, or a {@link JsonRpcError}. */
export function fromJsonRpc({ code, message, data }: JSONRPCError): VarlinkError | JsonRpcError {
  const { error, parameters, parameter } = (data ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof error === 'string') return replyError(error, (parameters ?? {}) as Record<string, unknown>);
  if (code === invalidParams && typeof parameter === 'string') return new InvalidParameter(parameter);
  return new JsonRpcError(code, message, data);
}
