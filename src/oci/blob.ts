// Where the bytes of a blob are: plain data, so that it can be handed to the worker that reads them.

/** How long to wait, in milliseconds, before an exchange is given up. */
export interface HttpTimeouts {
  /** Until a connection stands, TLS handshake included. */
  readonly connect: number;
  /** From the request to the end of the response's head. */
  readonly head: number;
  /** Without a single byte of the body while somebody wants one. */
  readonly idle: number;
  /** Before the second try of what can be tried again; doubles with each further one. */
  readonly retry: number;
}

/** Whom to trust in a TLS handshake and who to be there; PEM texts. */
export interface TlsIdentity {
  /** Do not verify the server's certificate. */
  readonly insecure: boolean;
  /** A file of trust roots that takes the place of the built-in ones: the host's own bundle. */
  readonly rootsFile?: string;
  /** Trust roots besides those. */
  readonly ca?: readonly string[];
  readonly cert?: string;
  readonly key?: string;
}

/** Proxies by the request's scheme, and the hosts reached without one, as in `NO_PROXY`. */
export interface ProxySettings {
  readonly http?: string;
  readonly https?: string;
  readonly no?: string;
}

/** How to get a new bearer token when the one at hand has expired; carries secrets, never to be logged. */
export interface TokenRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Body of a POST; without it the request is a GET. */
  readonly form?: string;
}

/** A blob behind an http(s) URL. `headers` already carry the authorization for this host. */
export interface HttpBlob extends TlsIdentity {
  readonly kind: 'http';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Other places of the same bytes, tried first, in order and without credentials. */
  readonly external?: readonly string[];
  readonly renewal?: TokenRequest;
  readonly proxies?: ProxySettings;
  readonly timeouts?: HttpTimeouts;
}

/** A blob that is `length` bytes of a local file from `offset` on. */
export interface FileBlob {
  readonly kind: 'file';
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

export type BlobLocation = HttpBlob | FileBlob;
