// What the registry tests share: a source on a peer, short times, and things that are ended when a test ends.
import type { HttpTimeouts } from '../../src/oci/blob.js';
import { parseNormalized } from '../../src/oci/reference.js';
import type { PullSource, RegistryClientOptions } from '../../src/registry/index.js';
import { RegistryClient } from '../../src/registry/index.js';
import type { EmbeddedRegistry, RegistryOptions } from '../peers/registry.js';
import { startRegistry } from '../peers/registry.js';

/** Times that let a failing exchange fail within a test. */
export const quick: HttpTimeouts = { connect: 2000, head: 400, idle: 400, retry: 5 };

export const never: AbortSignal = new AbortController().signal;

/** What `text` refers to, at a registry that may speak plain http. */
export function sourceOf(text: string, insecure = true): PullSource {
  const reference = parseNormalized(text);
  return { reference, requested: reference, insecure };
}

/** Peers and clients of one test. */
export class Peers implements AsyncDisposable {
  readonly #closers: (() => Promise<void>)[] = [];

  async registry(options: RegistryOptions = {}): Promise<EmbeddedRegistry> {
    const registry = await startRegistry(options);
    this.#closers.push(() => registry.close());
    return registry;
  }

  client(options: Partial<RegistryClientOptions> = {}): RegistryClient {
    const client = new RegistryClient({ userAgent: 'imaged/test', timeouts: quick, ...options });
    this.#closers.unshift(() => client.close());
    return client;
  }

  /** Ended after the clients, before nothing else. */
  defer(close: () => Promise<void>): void {
    this.#closers.push(close);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#closers) await close();
  }
}

/** The error that `promise` fails with; fails itself if it does not. */
export async function failure(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
}

/** All of a stream. */
export async function bytesOf(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
