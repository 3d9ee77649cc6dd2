// The JSON-RPC door of a service.
import type { Socket } from 'node:net';
import type { JSONRPCServer } from 'json-rpc-2.0';
import type { ConnectionOptions, DoorOptions, ServedConnection } from '../door.js';
import { Door } from '../door.js';
import type { Call } from './call.js';
import { Connection } from './connection.js';
import { methodsOf } from './methods.js';

/** Serves a dispatcher over JSON-RPC 2.0, a message to a line, on any number of sockets. */
export class JsonRpcServer extends Door {
  readonly #methods: JSONRPCServer<Call>;

  constructor(options: DoorOptions) {
    super(options);
    this.#methods = methodsOf(options.dispatcher);
  }

  protected override connection(socket: Socket, options: ConnectionOptions): ServedConnection {
    return new Connection(socket, this.#methods, options);
  }
}
