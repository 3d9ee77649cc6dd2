// The [aliases] tables: which repository a short name stands for.
import type { Decomposed } from '../oci/local-name.js';
import { decompose } from '../oci/local-name.js';
import type { Reference } from '../oci/reference.js';
import { InvalidReferenceError, parseNormalized } from '../oci/reference.js';
import { RegistriesConfigError } from './registries-errors.js';

/** Short name → repository; undefined for an alias that was taken away. */
export type Aliases = ReadonlyMap<string, Reference | undefined>;

/** Checks a table; an empty value takes an alias of an earlier file away. Throws {@link RegistriesConfigError}. */
export function readAliases(table: ReadonlyMap<string, string>): Aliases {
  return new Map(
    [...table].map(([name, value]) => [checkedName(name), value === '' ? undefined : target(value)]),
  );
}

function checkedName(name: string): string {
  const { reference, hasRegistry } = parsed(name, 'short name');
  refuse(reference.tag !== undefined, `invalid short name "${name}": must not contain tag`);
  refuse(reference.digest !== undefined, `invalid short name "${name}": must not contain digest`);
  refuse(hasRegistry, `invalid short name "${name}": must not contain registry`);
  return name;
}

function target(value: string): Reference {
  const { reference, hasRegistry } = parsed(value, 'alias');
  refuse(reference.digest !== undefined, `invalid alias "${value}": must not contain digest`);
  refuse(reference.tag !== undefined, `invalid alias "${value}": must not contain tag`);
  refuse(!hasRegistry, `invalid alias "${value}": must contain registry and repository`);
  return parseNormalized(value);
}

function parsed(text: string, what: string): Decomposed {
  try {
    return decompose(text);
  } catch (cause) {
    if (!(cause instanceof InvalidReferenceError)) throw cause;
    throw new RegistriesConfigError(
      `validating short-name aliases: parsing ${what} "${text}": ${cause.message}`,
      {
        cause,
      },
    );
  }
}

function refuse(wrong: boolean, reason: string): void {
  if (wrong) throw new RegistriesConfigError(`validating short-name aliases: ${reason}`);
}
