// The distribution protocol: what is pulled and pushed over http(s).
export { RegistryError } from './errors.js';
export { openBlob } from './open-blob.js';
