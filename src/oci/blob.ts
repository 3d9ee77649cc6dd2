// Where the bytes of a blob are: plain data, so that it can be handed to the worker that reads them.

/** A blob behind an http(s) URL. `headers` already carry the authorization for this host. */
export interface HttpBlob {
  readonly kind: 'http';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Do not verify the server's certificate. */
  readonly insecure: boolean;
  /** PEM texts; additional trust roots and the client's own pair. */
  readonly ca?: readonly string[];
  readonly cert?: string;
  readonly key?: string;
}

/** A blob that is `length` bytes of a local file from `offset` on. */
export interface FileBlob {
  readonly kind: 'file';
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

export type BlobLocation = HttpBlob | FileBlob;
