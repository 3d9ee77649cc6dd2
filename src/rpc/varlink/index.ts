// The varlink door: serving and calling over NUL-framed JSON.
export { connect, VarlinkConnection } from './client.js';
export { VarlinkServer } from './server.js';
