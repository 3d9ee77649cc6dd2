// The value of an option that can have a few.
import { UsageError } from './usage-error.js';

/** Undefined if the option is not given. Throws {@link UsageError}, which names it and what it can be. */
export function oneOf<const Value extends string>(
  flag: string,
  values: readonly Value[],
  text: string | undefined,
): Value | undefined {
  const value = values.find((known) => known === text);
  if (text !== undefined && value === undefined) {
    throw new UsageError(`${flag} ${text}: expected ${values.join(', ')}`);
  }
  return value;
}
