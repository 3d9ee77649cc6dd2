// The client library: what `import … from 'imaged'` gives.
export { connect } from './connect.js';
export type { ConnectOptions } from '../src/rpc/connect.js';
export {
  AddressError,
  ConnectionClosedError,
  InvalidReplyError,
  ProtocolError,
  TimeoutError,
  UnknownError,
  VarlinkError,
} from '../src/rpc/index.js';
export type {
  CallOptions,
  Connection,
  Outcomes,
  RawConnection,
  Replies,
  Transport,
  Upgraded,
} from '../src/rpc/index.js';
export type * from '../src/generated/io-imaged.js';
export {
  CommandFailed,
  ContextNotHere,
  IoImagedClient,
  OperationFailed,
} from '../src/generated/io-imaged.js';
export type * from '../src/generated/io-podman.js';
export {
  ContainerNotFound,
  ErrorOccurred,
  ImageNotFound,
  InvalidState,
  IoPodmanClient,
  RuntimeError,
  WantsMoreRequired,
} from '../src/generated/io-podman.js';
export {
  ExpectedMore,
  ExpectedUpgrade,
  InterfaceNotFound,
  InvalidParameter,
  MethodNotFound,
  MethodNotImplemented,
  OrgVarlinkServiceClient,
  PermissionDenied,
} from '../src/generated/org-varlink-service.js';
