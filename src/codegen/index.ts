// From an interface file to TypeScript.
export { generate } from './generate.js';
export type { GenerateOptions } from './model.js';
