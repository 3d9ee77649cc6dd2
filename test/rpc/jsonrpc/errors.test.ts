// The one table of errors, read forwards and backwards.
import { describe, expect, it } from '@jest/globals';
import type { VarlinkError } from '../../../src/rpc/index.js';
import {
  ExpectedMore,
  ExpectedUpgrade,
  InterfaceNotFound,
  InvalidParameter,
  MethodNotFound,
  MethodNotImplemented,
  PermissionDenied,
  UnknownError,
} from '../../../src/rpc/index.js';
import { CancelledError, fromJsonRpc, JsonRpcError, toJsonRpc } from '../../../src/rpc/jsonrpc/errors.js';
import { UnexpectedError } from '../../../src/rpc/varlink-error.js';
import { Long } from '../../codegen/golden/org-example-flags.js';

describe('an error at the JSON-RPC door', () => {
  it.each<[VarlinkError, number]>([
    [new InterfaceNotFound('a.b'), -32601],
    [new MethodNotFound('a.b.C'), -32601],
    [new MethodNotImplemented('a.b.C'), -32601],
    [new ExpectedUpgrade(), -32601],
    [new InvalidParameter('creds.username'), -32602],
    [new ExpectedMore(), -32000],
    [new PermissionDenied(), -32000],
    [new UnknownError('a.b.C', { reason: 'why', more: [1] }), -32000],
  ])('is %s for its caller, too', (error, code) => {
    const told = toJsonRpc(error);
    expect(told.code).toBe(code);
    const heard = fromJsonRpc(JSON.parse(JSON.stringify(told)) as typeof told);
    expect(heard.constructor).toBe(error.constructor);
    expect(heard).toMatchObject({ error: error.error, parameters: error.parameters, message: error.message });
  });

  it('has its fields as they are named on the wire', () => {
    expect(toJsonRpc(new Long('why', 'a', 'b'))).toEqual({
      code: -32000,
      message: 'why',
      data: {
        error: 'org.example.flags.Long',
        parameters: { reason: 'why', first: 'a', second_word: 'b' },
      },
    });
  });

  it('is an internal one, by its message, where a method had an accident', () => {
    const told = toJsonRpc(new UnexpectedError('a.b', 'no such luck', { cause: new TypeError('deep') }));
    expect(told).toEqual({
      code: -32603,
      message: 'no such luck',
      data: { error: 'a.b.InternalError', parameters: { reason: 'no such luck' } },
    });
  });

  it.each([
    [new CancelledError('the call was cancelled'), { code: -32001, message: 'the call was cancelled' }],
    [
      new JsonRpcError(-32600, 'x', { parameter: 'y' }),
      { code: -32600, message: 'x', data: { parameter: 'y' } },
    ],
    [new TypeError('secret'), { code: -32603, message: 'Internal error' }],
    ['secret', { code: -32603, message: 'Internal error' }],
  ])('is told of %s as JSON-RPC has it', (error, told) => {
    expect(JSON.parse(JSON.stringify(toJsonRpc(error)))).toEqual(told);
  });
});
