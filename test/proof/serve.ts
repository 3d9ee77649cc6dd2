// How the proof servers serve: on any address or on what a service manager passes on, until they are told to stop.
import { once } from 'node:events';

import { activatedSockets } from '../../src/daemon/activation.js';
import { orgVarlinkService } from '../../src/generated/org-varlink-service.js';
import type { InterfaceDescriptor } from '../../src/rpc/index.js';
import { Dispatcher, Introspection } from '../../src/rpc/index.js';
import { VarlinkServer } from '../../src/rpc/varlink/server.js';
import { isListening } from '../../src/sys/peer.js';

export interface Program {
  readonly name: string;
  readonly descriptor: InterfaceDescriptor;
  readonly service: object;
}

/**
 * Serves at `address`, or on the descriptors that were passed to this process, and says where in one line. Resolves
 * when it was told to stop, or the one connection that was passed to it has ended.
 */
export async function serveUntilStopped(program: Program, address: string | undefined): Promise<void> {
  const dispatcher = new Dispatcher();
  const url = 'https://varlink.org/';
  const identity = { vendor: 'imaged', product: program.name, version: '1', url };
  dispatcher.serve(orgVarlinkService, new Introspection(identity, dispatcher));
  dispatcher.serve(program.descriptor, program.service);
  const server = new VarlinkServer({ dispatcher });
  const stopped = [once(process, 'SIGTERM'), once(process, 'SIGINT')];
  const places: string[] = [];
  try {
    for (const { fd } of activatedSockets(process.env, process.pid)) {
      if (isListening(fd)) await server.listenOn(fd);
      else stopped.push(server.serveDescriptor(fd).then(() => []));
      places.push(`descriptor ${fd}`);
    }
    if (places.length === 0 && address !== undefined) places.push(await server.listen(address));
    if (places.length === 0) throw new Error('there is neither an address nor a socket to serve on');
    process.stdout.write(`${program.name} ready at ${places.join(' ')}\n`);
    await Promise.race(stopped);
  } finally {
    await server.close();
  }
}
