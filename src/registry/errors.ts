// What can go wrong between us and a registry.

/** What a caller can act on. */
export type RegistryErrorCode =
  | 'REGISTRY_UNREACHABLE'
  | 'REGISTRY_UNAUTHORIZED'
  | 'REGISTRY_DENIED'
  | 'REGISTRY_NOT_FOUND'
  | 'REGISTRY_THROTTLED'
  | 'REGISTRY_UNAVAILABLE'
  | 'REGISTRY_TRUNCATED'
  /** An upload that may succeed when all of the blob is sent again. */
  | 'REGISTRY_UPLOAD_BROKEN'
  | 'REGISTRY_MISMATCH'
  | 'REGISTRY_PROTOCOL';

/** Which request failed: never a query string or a header, those carry secrets. */
export interface RegistryErrorDetails {
  /** `ping`, `token`, `manifest`, `blob`, `upload`. */
  readonly op: string;
  /** host[:port] that was asked. */
  readonly host: string;
  readonly repository?: string | undefined;
  /** HTTP status, when there was an answer. */
  readonly status?: number | undefined;
  /** The innermost part of the message; all of it if absent. */
  readonly reason?: string | undefined;
  /** The registry's own code in the answer, `MANIFEST_UNKNOWN`. */
  readonly registryCode?: string | undefined;
  /** Milliseconds the registry asked to wait before the next try. */
  readonly retryAfter?: number | undefined;
  readonly cause?: unknown;
}

/** A request to a registry that failed; the message is one line in the wording clients know. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly code: RegistryErrorCode;
  readonly op: string;
  readonly host: string;
  readonly repository: string | undefined;
  readonly status: number | undefined;
  readonly registryCode: string | undefined;
  readonly retryAfter: number | undefined;
  /** Why, without what was tried: `manifest unknown: manifest unknown`. */
  readonly reason: string;
  constructor(code: RegistryErrorCode, message: string, details: RegistryErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.op = details.op;
    this.host = details.host;
    this.repository = details.repository;
    this.status = details.status;
    this.registryCode = details.registryCode;
    this.retryAfter = details.retryAfter;
    this.reason = details.reason ?? message;
  }
}

/** The code for an answer with this status. */
export function codeOfStatus(status: number): RegistryErrorCode {
  if (status === 401) return 'REGISTRY_UNAUTHORIZED';
  if (status === 403) return 'REGISTRY_DENIED';
  if (status === 404) return 'REGISTRY_NOT_FOUND';
  if (status === 429) return 'REGISTRY_THROTTLED';
  if (status >= 500) return 'REGISTRY_UNAVAILABLE';
  return 'REGISTRY_PROTOCOL';
}

/** The code for a request that got no answer, or none that could be read. */
export function codeOfFailure(cause: unknown): RegistryErrorCode {
  const code = innermostCode(cause);
  const nonsense = typeof code === 'string' && (unreadable.has(code) || code.startsWith('HPE_'));
  return nonsense ? 'REGISTRY_PROTOCOL' : 'REGISTRY_UNREACHABLE';
}

const unreadable: ReadonlySet<string> = new Set(['REDIRECT', 'TOO_LARGE', 'UND_ERR_HEADERS_OVERFLOW']);

/** More bytes than anybody should send for what was asked. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
  readonly code = 'TOO_LARGE';
  constructor(limit: number) {
    super(`exceeded maximum allowed size of ${limit} bytes`);
  }
}

/** The error at the bottom of causes; of several addresses that were tried, the first one's. */
export function innermostError(error: unknown): NodeJS.ErrnoException {
  let at = error as { readonly cause?: unknown; readonly errors?: readonly unknown[] };
  for (;;) {
    const inner = at.errors?.[0] ?? at.cause;
    // By shape: the platform's own errors can come from another realm.
    if (typeof inner !== 'object' || inner === null || !('message' in inner))
      return at as NodeJS.ErrnoException;
    at = inner as typeof at;
  }
}

/** The innermost `code` along the causes of an error. */
export function innermostCode(error: unknown): unknown {
  const inner = innermostError(error).code;
  return inner ?? (error as { readonly code?: unknown }).code;
}
