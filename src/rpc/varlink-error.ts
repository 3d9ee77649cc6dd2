// The base of every error that goes over the wire by name.

/** An error of an interface: `error` is its full name, `parameters` its fields. */
export abstract class VarlinkError<P extends object = object> extends Error {
  abstract readonly error: string;
  readonly parameters: P;
  constructor(parameters: P, message: string, options?: ErrorOptions) {
    super(message, options);
    this.parameters = parameters;
  }

  /** The fields as they are named on the wire. */
  wire(): object {
    return this.parameters;
  }
}

/** An error that no interface file in this program declares, kept as it came. */
export class UnknownError extends VarlinkError<Readonly<Record<string, unknown>>> {
  override readonly name = 'UnknownError';
  readonly error: string;
  constructor(error: string, parameters: Readonly<Record<string, unknown>>, options?: ErrorOptions) {
    const { reason } = parameters;
    super(parameters, typeof reason === 'string' ? `${error}: ${reason}` : error, options);
    this.error = error;
  }
}

/** What a method failed with that is no error of its interface: `reason` is the message. */
export class UnexpectedError extends VarlinkError<{ reason: string }> {
  override readonly name = 'UnexpectedError';
  readonly error: string;
  constructor(interfaceName: string, reason: string, options?: ErrorOptions) {
    super({ reason }, reason, options);
    this.error = `${interfaceName}.InternalError`;
  }
}
