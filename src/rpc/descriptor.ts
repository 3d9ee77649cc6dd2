// What generated code tells the dispatcher about an interface.
import type { UnknownField } from './fields.js';
import type { VarlinkError } from './varlink-error.js';

export interface MethodDescriptor {
  /** The name of the method that serves it. */
  readonly handler: string;
  /** Whether the handler gives a stream rather than a promise. */
  readonly stream: boolean;
  /** The flag without which the dispatcher refuses a call. */
  readonly requires?: 'more' | 'upgrade';
  /** Parameters as they arrived → parameters of the handler. Throws `FieldError`. */
  readonly check: (value: unknown, unknown?: UnknownField) => object;
  /** The names of the parameters in their declared order, for callers who give them by position. */
  readonly parameters?: readonly string[];
  /** A reply of the handler → as it goes over the wire; left out where they are the same. */
  readonly write?: (reply: never) => object;
}

/** An error class that can be made of what arrived. */
export interface ErrorFactory {
  from(parameters: unknown): VarlinkError;
}

export interface InterfaceDescriptor {
  readonly name: string;
  /** The interface file, byte for byte. */
  readonly description: string;
  /** What becomes of a call with fields that are not declared. */
  readonly unknownFields: 'refuse' | 'ignore';
  readonly methods: Readonly<Record<string, MethodDescriptor>>;
  readonly errors: Readonly<Record<string, ErrorFactory>>;
}
