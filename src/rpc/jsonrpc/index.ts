// The JSON-RPC door, for servers and clients.
export { JsonRpcServer } from './server.js';
