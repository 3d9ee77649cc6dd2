// What generated code and services use, whatever the protocol.
export type { Activity, AdmissionOptions, Admitted } from './admission.js';
export { Admission, ConnectionLimitError } from './admission.js';
export type { CallContext, Peer, SocketTerms, Stream, UseConnection } from './call-context.js';
export { unknownPeer } from './call-context.js';
export {
  ConnectionClosedError,
  InvalidReplyError,
  ProtocolError,
  TimeoutError,
} from './connection-errors.js';
export { ConnectionScope } from './connection-scope.js';
export type { ErrorFactory, InterfaceDescriptor, MethodDescriptor } from './descriptor.js';
export { AddressError } from './address.js';
export type { AnsweredCall, DispatchLog, IncomingCall, Permit, Send, ServeOptions } from './dispatch.js';
export { Dispatcher } from './dispatch.js';
export type { DoorOptions } from './door.js';
export type { Empty, Fields, UnknownField } from './fields.js';
export {
  checkAny,
  checkEmpty,
  checkNothing,
  checkObject,
  FieldError,
  fieldsOf,
  mapOf,
  mapValues,
  ownFieldsOf,
} from './fields.js';
export type { Identity } from './introspection.js';
export { Introspection } from './introspection.js';
export type { Limits } from './limits.js';
export type { RawConnection } from './raw-connection.js';
export { gathered, reusable } from './reusable-reply.js';
export {
  ExpectedMore,
  ExpectedUpgrade,
  InterfaceNotFound,
  InvalidParameter,
  MethodNotFound,
  MethodNotImplemented,
  PermissionDenied,
} from './standard-errors.js';
export type { CallOptions, Check, Connection, Outcomes, Replies, Transport, Upgraded } from './transport.js';
export { withErrors } from './transport.js';
export { UnknownError, VarlinkError } from './varlink-error.js';
