// A digest computed on a thread of Node's pool while the caller goes on: node:crypto's would hold the caller up.
import type { Hash } from 'node:crypto';
import { createHash } from 'node:crypto';
import { declare, type NativeFunction } from './libc.js';

/** So much may wait to be hashed before the caller should wait, too; bytes, held in memory. */
const MOST_BYTES = 1024 * 1024;
/** Enough for any digest. */
const DIGEST_BYTES = 64;

interface OpenSsl {
  readonly create: NativeFunction;
  readonly free: NativeFunction;
  readonly find: NativeFunction;
  readonly start: NativeFunction;
  readonly update: NativeFunction;
  readonly finish: NativeFunction;
}

/** Hashes what it is given, in order. `digest` or not, `close` has to follow. */
export class ThreadedHash {
  readonly #openSsl: OpenSsl | null;
  /** Node's own where OpenSSL's functions cannot be called: everything else is the same. */
  readonly #slow: Hash | undefined;
  readonly #context: unknown;
  readonly #size: number;
  #waiting: Buffer[] = [];
  #bytes = 0;
  #running = false;
  readonly #onHashed: (bytes: Buffer) => void;
  #closed = false;
  #failure: unknown;
  #waiters: { readonly bytes: number; readonly done: () => void }[] = [];

  /** `algorithm` as node:crypto names it: sha256, sha384 or sha512. `onHashed` is told of bytes that are needed no more; `openSsl` is null where it cannot be called. */
  constructor(
    algorithm: string,
    onHashed: (bytes: Buffer) => void = () => undefined,
    openSsl: OpenSsl | null = openSslOfNode(),
  ) {
    this.#onHashed = onHashed;
    this.#size = createHash(algorithm).digest().length;
    this.#openSsl = openSsl;
    if (openSsl === null) {
      this.#slow = createHash(algorithm);
      return;
    }
    const { create, find, start } = openSsl;
    this.#context = create();
    if (start(this.#context, find(algorithm), null) !== 1) throw new Error(`OpenSSL has no ${algorithm}`);
  }

  /** Takes bytes, which must not change until they are hashed. What is returned should be waited for before the next. */
  update(bytes: Buffer): Promise<void> | undefined {
    if (this.#closed) return undefined;
    if (this.#slow !== undefined) {
      this.#slow.update(bytes);
      this.#onHashed(bytes);
      return undefined;
    }
    this.#bytes += bytes.length;
    this.#waiting.push(bytes);
    if (!this.#running) this.#next();
    // Something is left to do when the next comes, however large the pieces are.
    const enough = Math.max(MOST_BYTES / 2, bytes.length);
    return this.#bytes > 2 * enough ? this.#atMost(enough) : undefined;
  }

  /** The digest of all there was, in hexadecimal. */
  async digest(): Promise<string> {
    if (this.#slow !== undefined) return this.#slow.digest('hex');
    await this.#atMost(0);
    if (this.#failure !== undefined) throw this.#failure;
    const digest = Buffer.alloc(DIGEST_BYTES);
    if (this.#openSsl?.finish(this.#context, digest, null) !== 1) throw new Error('OpenSSL gives no digest');
    return digest.toString('hex', 0, this.#size);
  }

  /** Waits for the thread that hashes, and frees what it used. What comes later is ignored. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting = [];
    await this.#atMost(0);
    this.#openSsl?.free(this.#context);
  }

  #next(): void {
    const bytes = this.#waiting.shift();
    this.#running = bytes !== undefined;
    if (bytes === undefined) {
      this.#bytes = 0;
    } else {
      this.#openSsl?.update.async(this.#context, bytes, bytes.length, (error: unknown, result: number) => {
        this.#bytes -= bytes.length;
        this.#onHashed(bytes);
        if (error !== null || result !== 1) this.#failure ??= error ?? new Error('OpenSSL cannot hash');
        this.#next();
      });
    }
    if (this.#waiters.length === 0) return;
    const ready = this.#waiters.filter((waiter) => this.#isAtMost(waiter.bytes));
    this.#waiters = this.#waiters.filter((waiter) => !ready.includes(waiter));
    for (const { done } of ready) done();
  }

  #isAtMost(bytes: number): boolean {
    return this.#bytes <= bytes && (bytes > 0 || !this.#running);
  }

  async #atMost(bytes: number): Promise<void> {
    if (this.#isAtMost(bytes)) return;
    await new Promise<void>((done) => {
      this.#waiters.push({ bytes, done });
    });
  }
}

let found: OpenSsl | null = null;
let looked = false;

/** Node exports the OpenSSL it was built with, for its own add-ons. */
function openSslOfNode(): OpenSsl | null {
  if (looked) return found;
  looked = true;
  try {
    found = {
      create: declare('void* EVP_MD_CTX_new()'),
      free: declare('void EVP_MD_CTX_free(void* context)'),
      find: declare('void* EVP_get_digestbyname(const char* name)'),
      start: declare('int EVP_DigestInit_ex(void* context, void* type, void* engine)'),
      update: declare('int EVP_DigestUpdate(void* context, const void* bytes, size_t length)'),
      finish: declare('int EVP_DigestFinal_ex(void* context, void* digest, void* length)'),
    };
  } catch {
    found = null;
  }
  return found;
}
