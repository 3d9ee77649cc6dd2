// The errors of org.varlink.service, which any call of any interface may end with.
import { fieldsOf } from './fields.js';
import { VarlinkError } from './varlink-error.js';

/** error InterfaceNotFound (interface: string) */
export class InterfaceNotFound extends VarlinkError<{ interface: string }> {
  override readonly name = 'InterfaceNotFound';
  readonly error = 'org.varlink.service.InterfaceNotFound';
  constructor(interface_: string, options?: ErrorOptions) {
    super({ interface: interface_ }, `there is no interface ${interface_}`, options);
  }

  static from(parameters: unknown): InterfaceNotFound {
    return new InterfaceNotFound(textOf(parameters, 'interface'));
  }
}

/** error MethodNotFound (method: string); the full name of the method. */
export class MethodNotFound extends VarlinkError<{ method: string }> {
  override readonly name = 'MethodNotFound';
  readonly error = 'org.varlink.service.MethodNotFound';
  constructor(method: string, options?: ErrorOptions) {
    super({ method }, `there is no method ${method}`, options);
  }

  static from(parameters: unknown): MethodNotFound {
    return new MethodNotFound(textOf(parameters, 'method'));
  }
}

/** error MethodNotImplemented (method: string); the full name of the method. */
export class MethodNotImplemented extends VarlinkError<{ method: string }> {
  override readonly name = 'MethodNotImplemented';
  readonly error = 'org.varlink.service.MethodNotImplemented';
  constructor(method: string, options?: ErrorOptions) {
    super({ method }, `${method} is not implemented`, options);
  }

  static from(parameters: unknown): MethodNotImplemented {
    return new MethodNotImplemented(textOf(parameters, 'method'));
  }
}

/** error InvalidParameter (parameter: string); its path, such as `creds.username`. */
export class InvalidParameter extends VarlinkError<{ parameter: string }> {
  override readonly name = 'InvalidParameter';
  readonly error = 'org.varlink.service.InvalidParameter';
  constructor(parameter: string, options?: ErrorOptions) {
    super({ parameter }, `invalid parameter ${parameter}`, options);
  }

  static from(parameters: unknown): InvalidParameter {
    return new InvalidParameter(textOf(parameters, 'parameter'));
  }
}

/** error PermissionDenied (); services may add a reason, which clients that know the declaration alone pass over. */
export class PermissionDenied extends VarlinkError<{ reason?: string }> {
  override readonly name = 'PermissionDenied';
  readonly error = 'org.varlink.service.PermissionDenied';
  constructor(reason = '', options?: ErrorOptions) {
    const message = reason === '' ? 'permission denied' : `permission denied: ${reason}`;
    super(reason === '' ? {} : { reason }, message, options);
  }

  static from(parameters: unknown): PermissionDenied {
    return new PermissionDenied(textOf(parameters, 'reason'));
  }
}

/** error ExpectedMore () */
export class ExpectedMore extends VarlinkError {
  override readonly name = 'ExpectedMore';
  readonly error = 'org.varlink.service.ExpectedMore';
  constructor(options?: ErrorOptions) {
    super({}, 'the method must be called with more', options);
  }

  static from(): ExpectedMore {
    return new ExpectedMore();
  }
}

/** error ExpectedUpgrade () */
export class ExpectedUpgrade extends VarlinkError {
  override readonly name = 'ExpectedUpgrade';
  readonly error = 'org.varlink.service.ExpectedUpgrade';
  constructor(options?: ErrorOptions) {
    super({}, 'the method must be called with upgrade', options);
  }

  static from(): ExpectedUpgrade {
    return new ExpectedUpgrade();
  }
}

/** All of them by their full names. */
export const standardErrors = {
  'org.varlink.service.InterfaceNotFound': InterfaceNotFound,
  'org.varlink.service.MethodNotFound': MethodNotFound,
  'org.varlink.service.MethodNotImplemented': MethodNotImplemented,
  'org.varlink.service.InvalidParameter': InvalidParameter,
  'org.varlink.service.PermissionDenied': PermissionDenied,
  'org.varlink.service.ExpectedMore': ExpectedMore,
  'org.varlink.service.ExpectedUpgrade': ExpectedUpgrade,
} as const;

/** Older services leave the field out, or put it elsewhere: the error is told all the same. */
function textOf(parameters: unknown, name: string): string {
  const value = fieldsOf(parameters ?? {}, '')[name];
  return typeof value === 'string' ? value : '';
}
