// The varlink interface language: text to syntax tree and back.
export { checkInterface } from './checker.js';
export type { FlagUse, MethodFlags } from './flags.js';
export { methodFlags, withoutMarkers } from './flags.js';
export { IdlError } from './idl-error.js';
export { parseInterface, readInterface } from './interface.js';
export { printInterface, printSignature } from './printer.js';
export type * from './tree.js';
