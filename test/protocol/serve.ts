// A server on a socket of its own, for tests.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Admission, Dispatcher, Introspection } from '../../src/rpc/index.js';
import type {
  AdmissionOptions,
  DispatchLog,
  DoorOptions,
  InterfaceDescriptor,
  ServeOptions,
} from '../../src/rpc/index.js';
import { orgVarlinkService } from '../../src/generated/org-varlink-service.js';
import type { Door } from '../../src/rpc/door.js';
import { VarlinkServer } from '../../src/rpc/varlink/server.js';

export interface Running extends AsyncDisposable {
  readonly address: string;
  readonly path: string;
  readonly server: Door;
  readonly dispatcher: Dispatcher;
}

export type Served = readonly [descriptor: InterfaceDescriptor, service: object, options?: ServeOptions];

export interface TestServerOptions extends AdmissionOptions, Pick<DoorOptions, 'onFailure'> {
  readonly log?: DispatchLog;
  /** The door to serve through; varlink's by default. */
  readonly door?: new (options: DoorOptions) => Door;
}

/** Serves interfaces, and org.varlink.service beside them, on a unix socket in a folder of its own. */
export async function serve(
  interfaces: readonly Served[],
  options: TestServerOptions = {},
): Promise<Running> {
  const directory = mkdtempSync(join(tmpdir(), 'served-'));
  const dispatcher = new Dispatcher(options.log);
  const identity = { vendor: 'Example', product: 'test', version: '1.2.3', url: 'https://example.org' };
  dispatcher.serve(orgVarlinkService, new Introspection(identity, dispatcher));
  for (const [descriptor, service, more] of interfaces) dispatcher.serve(descriptor, service, more);
  const TestedDoor = options.door ?? VarlinkServer;
  const server = new TestedDoor({ ...options, dispatcher, admission: new Admission(options) });
  const path = join(directory, 'socket');
  const address = await server.listen(`unix:${path}`);
  return {
    address,
    path,
    server,
    dispatcher,
    [Symbol.asyncDispose]: async () => {
      await server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
