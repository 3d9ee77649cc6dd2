// One way to call a service, whatever its address says of the protocol.
import type { ConnectOptions } from './connect.js';
import { connect as connectVarlink } from './varlink/client.js';
import type { Connection } from './transport.js';

/** What stands before an address whose socket speaks JSON-RPC. */
const jsonRpc = 'jsonrpc+';

/**
 * Connects to the service at an address: in varlink, or in JSON-RPC if `jsonrpc+` is put before it. Throws
 * `AddressError` or `ConnectionClosedError`.
 */
export async function connect(address: string, options: ConnectOptions = {}): Promise<Connection> {
  if (address.startsWith(jsonRpc)) {
    // Few callers speak it, and the streams it is made of take longer to load than all of varlink.
    const { connect: connectJsonRpc } = await import('./jsonrpc/client.js');
    return await connectJsonRpc(address.slice(jsonRpc.length), options);
  }
  return await connectVarlink(address, options);
}
