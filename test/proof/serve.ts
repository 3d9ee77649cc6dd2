// How the proof servers serve: on any address or on what a service manager passes on, until they are told to stop.
import { once } from 'node:events';

import { activatedSockets, speaksJsonRpc } from '../../src/daemon/activation.js';
import { orgVarlinkService } from '../../src/generated/org-varlink-service.js';
import type { InterfaceDescriptor } from '../../src/rpc/index.js';
import { Dispatcher, Introspection } from '../../src/rpc/index.js';
import { Admission } from '../../src/rpc/admission.js';
import { JsonRpcServer } from '../../src/rpc/jsonrpc/server.js';
import { defaultLimits } from '../../src/rpc/limits.js';
import { VarlinkServer } from '../../src/rpc/varlink/server.js';
import { bindAbstract } from '../../src/sys/abstract-socket.js';
import { isListening } from '../../src/sys/peer.js';

export interface Program {
  readonly name: string;
  readonly descriptor: InterfaceDescriptor;
  readonly service: object;
}

/** A test may open as many connections as it likes. */
const limits = { connectionsPerUser: defaultLimits.connections };

/** What an address begins with whose door is JSON-RPC's. */
const jsonRpcPrefix = 'jsonrpc+';

/**
 * Serves at each address, or on the descriptors that were passed to this process, and says where in one line. Resolves
 * when it was told to stop, or the one connection that was passed to it has ended.
 */
export async function serveUntilStopped(program: Program, addresses: readonly string[]): Promise<void> {
  const dispatcher = new Dispatcher();
  const url = 'https://varlink.org/';
  const identity = { vendor: 'imaged', product: program.name, version: '1', url };
  dispatcher.serve(orgVarlinkService, new Introspection(identity, dispatcher));
  dispatcher.serve(program.descriptor, program.service);
  const admission = new Admission({ limits });
  const varlink = new VarlinkServer({ dispatcher, admission, bindAbstract });
  const jsonRpc = new JsonRpcServer({ dispatcher, admission, bindAbstract });
  const stopped = [once(process, 'SIGTERM'), once(process, 'SIGINT')];
  const places: string[] = [];
  try {
    for (const socket of activatedSockets(process.env, process.pid)) {
      const door = speaksJsonRpc(socket) ? jsonRpc : varlink;
      if (isListening(socket.fd)) await door.listenOn(socket.fd);
      else stopped.push(door.serveDescriptor(socket.fd).then(() => []));
      places.push(`descriptor ${socket.fd}`);
    }
    // Those who pass a socket on often name an address as well: the one of that socket.
    const own = places.length === 0 ? addresses : [];
    for (const address of own) {
      if (address.startsWith(jsonRpcPrefix))
        places.push(jsonRpcPrefix + (await jsonRpc.listen(address.slice(jsonRpcPrefix.length))));
      else places.push(await varlink.listen(address));
    }
    if (places.length === 0) throw new Error('there is neither an address nor a socket to serve on');
    process.stdout.write(`${program.name} ready at ${places.join(' ')}\n`);
    await Promise.race(stopped);
  } finally {
    await Promise.all([varlink.close(), jsonRpc.close()]);
  }
}
