// ImageExists
import { ErrorOccurred } from '../generated/io-podman.js';
import type { CallContext } from '../rpc/index.js';
import { ImageNotFoundError } from '../runtime/errors.js';
import { findImage } from '../runtime/images/resolve.js';
import type { Runtime } from '../runtime/runtime.js';

/** 0 is yes and 1 is no. A name that cannot be one is an error here, unlike in the other methods. */
export async function imageExists(
  runtime: Runtime,
  { name }: { readonly name: string },
  { signal }: CallContext,
): Promise<{ exists: number }> {
  const view = await runtime.view(signal);
  try {
    findImage(view, name, runtime.registries());
    return { exists: 0 };
  } catch (error) {
    if (!(error instanceof ImageNotFoundError)) throw error;
    if (name === '') throw new ErrorOccurred(error.message);
    return { exists: 1 };
  }
}
