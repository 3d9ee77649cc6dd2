// The varlink door of a service.
import type { Socket } from 'node:net';
import type { ConnectionOptions, ServedConnection } from '../door.js';
import { Door } from '../door.js';
import { Connection } from './connection.js';

/** Serves a dispatcher over varlink, on any number of sockets. */
export class VarlinkServer extends Door {
  protected override connection(socket: Socket, options: ConnectionOptions): ServedConnection {
    return new Connection(socket, options);
  }
}
