// Where the bytes of a blob are, and where they are to go: plain data, so that it can be handed to the worker that moves them.

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

/** How a registry is spoken to. `headers` already carry the authorization for this host. */
export interface HttpAccess extends TlsIdentity {
  readonly headers: Readonly<Record<string, string>>;
  readonly renewal?: TokenRequest;
  readonly proxies?: ProxySettings;
  readonly timeouts?: HttpTimeouts;
}

/** A blob behind an http(s) URL. */
export interface HttpBlob extends HttpAccess {
  readonly kind: 'http';
  readonly url: string;
  /** Other places of the same bytes, tried first, in order and without credentials. */
  readonly external?: readonly string[];
}

/** A blob that is `length` bytes of a local file from `offset` on. */
export interface FileBlob {
  readonly kind: 'file';
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

/** The same of what a file unzips to that is compressed as a whole. It is read from its start each time. */
export interface PackedBlob {
  readonly kind: 'packed';
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

/** The tar of a layer of the store, to be put together from its recipe (tar-split) and its files. */
export interface LayerBlob {
  readonly kind: 'layer';
  /** The compressed tar-split. */
  readonly recipePath: string;
  /** The layer's `diff`. */
  readonly directory: string;
}

/**
 * The tar of a directory tree with its times in whole seconds, made while it is read: of what is changed in a container. What it has only
 * notes of, where overlay was mounted with `metacopy`, is taken from `lowers`.
 */
export interface TreeBlob {
  readonly kind: 'tree';
  readonly directory: string;
  /** What the directory lies on, the topmost first. */
  readonly lowers: readonly string[];
}

/** What a blob unzips to, whatever it is zipped with. */
export interface UnzippedBlob {
  readonly kind: 'unzipped';
  readonly blob: FileBlob | PackedBlob;
}

/** What comes through a pipe, to its end: once only. `path` is that of a descriptor of this process. */
export interface PipeBlob {
  readonly kind: 'pipe';
  readonly path: string;
}

export type BlobLocation = HttpBlob | FileBlob | PackedBlob | LayerBlob | TreeBlob | UnzippedBlob | PipeBlob;

/** Bytes of an existing file from `offset` on; what lies behind is left alone. */
export interface FileTarget {
  readonly kind: 'file';
  readonly path: string;
  readonly offset: number;
}

/** A pipe that somebody of this process reads. */
export interface PipeTarget {
  readonly kind: 'pipe';
  readonly path: string;
}

/** A repository's `…/blobs/uploads/`: one upload from start to end. */
export interface UploadTarget extends HttpAccess {
  readonly kind: 'upload';
  readonly url: string;
}

/** Nowhere: the bytes are only looked at. */
export interface NoTarget {
  readonly kind: 'nowhere';
}

export type BlobTarget = FileTarget | PipeTarget | UploadTarget | NoTarget;

/** What becomes of a layer on its way: it stays as it is, or is unzipped, or zipped with this. */
export type Recode = 'as-is' | 'plain' | 'gzip' | 'zstd';
