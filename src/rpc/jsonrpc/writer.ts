// The sending half of a connection: one JSON text to a line.
import type { JSONRPCID, JSONRPCResponse } from 'json-rpc-2.0';
import type { JsonText } from '../reusable-reply.js';
import { SocketWriter } from '../socket-writer.js';

/** Where these give a promise, the next message has to wait for it, as {@link SocketWriter.json} says. */
export class Writer extends SocketWriter {
  /** Sends a response, whose result is JSON text already. */
  response(response: JSONRPCResponse): Promise<void> | undefined {
    return this.#response('', response, '\n');
  }

  /** Sends the responses of a batch, as one line: nothing gets in between, since none is waited for. */
  batch(responses: readonly JSONRPCResponse[]): Promise<void> | undefined {
    const last = responses.length - 1;
    let ready: Promise<void> | undefined;
    for (const [index, response] of responses.entries())
      ready = this.#response(index === 0 ? '[' : ',', response, index === last ? ']\n' : '');
    return ready;
  }

  /** Sends a reply that is not the last of its call. */
  reply(id: JSONRPCID, parameters: JsonText): Promise<void> | undefined {
    const head = `{"jsonrpc":"2.0","method":"$/reply","params":{"id":${JSON.stringify(id)},"parameters":`;
    return this.json(head, parameters, '}}\n');
  }

  #response(before: string, response: JSONRPCResponse, after: string): Promise<void> | undefined {
    const { id, error } = response;
    const head = `${before}{"jsonrpc":"2.0","id":${JSON.stringify(id)},`;
    return error === undefined
      ? this.json(`${head}"result":`, response.result as JsonText, `}${after}`)
      : this.json(`${head}"error":`, JSON.stringify(error), `}${after}`);
  }
}
