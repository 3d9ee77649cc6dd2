// The connection of the client library: that of the runtime, with imaged's bridge on other hosts.
import type { ConnectOptions } from '../src/rpc/connect.js';
import { connect as connectTo } from '../src/rpc/client.js';
import type { Connection } from '../src/rpc/index.js';

/**
 * Connects to the service at an address: `unix:`, `tcp:`, `exec:`, `bridge:`, `ssh:`, or one of the first two behind
 * `jsonrpc+`. Throws `AddressError` or `ConnectionClosedError`.
 */
export function connect(address: string, options: ConnectOptions = {}): Promise<Connection> {
  return connectTo(address, { bridge: imagedBridge, ...options });
}

/** What forwards calls on another host. */
export const imagedBridge: readonly string[] = ['imagectl', 'bridge'];
