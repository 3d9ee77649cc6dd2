// From an interface file to TypeScript, and to a page about it.
export { generate } from './generate.js';
export type { GenerateOptions } from './model.js';
export { reference } from './reference.js';
