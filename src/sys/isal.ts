// ISA-L, Intel's library for storage: not needed, and several times faster at what it does where it is installed.
import { optionalLibrary, type Declare } from './libc.js';

const LIBRARY = 'libisal.so.2';

/** Functions of the library; undefined where it is not installed, or lacks one of them. */
export function declareIsal<Functions>(functions: (declare: Declare) => Functions): Functions | undefined {
  const declare = optionalLibrary(LIBRARY);
  try {
    return declare && functions(declare);
  } catch {
    // Built without it, or for another processor.
    return undefined;
  }
}
