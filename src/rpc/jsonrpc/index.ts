// The JSON-RPC door, for servers and clients.
export { connect, JsonRpcConnection } from './client.js';
export {
  cancelledCode,
  CancelledError,
  interfaceErrorCode,
  JsonRpcError,
  UpgradeUnsupportedError,
} from './errors.js';
export { JsonRpcServer } from './server.js';
