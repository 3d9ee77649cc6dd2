// One way to call a service, whatever its address says of the protocol.
import type { ConnectOptions } from './connect.js';
import { connect as connectVarlink } from './varlink/client.js';
import type { Connection } from './transport.js';

/** Connects to the service at an address. Throws `AddressError` or `ConnectionClosedError`. */
export async function connect(address: string, options: ConnectOptions = {}): Promise<Connection> {
  return await connectVarlink(address, options);
}
