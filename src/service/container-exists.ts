// ContainerExists
import { ErrorOccurred } from '../generated/io-podman.js';
import type { CallContext } from '../rpc/index.js';
import { findContainer } from '../runtime/containers/containers.js';
import { ContainerNotFoundError } from '../runtime/errors.js';
import type { Runtime } from '../runtime/runtime.js';

/** 0 is yes and 1 is no. */
export async function containerExists(
  runtime: Runtime,
  { name }: { readonly name: string },
  { signal }: CallContext,
): Promise<{ exists: number }> {
  const view = await runtime.view(signal);
  try {
    findContainer(view, name);
    return { exists: 0 };
  } catch (error) {
    if (!(error instanceof ContainerNotFoundError)) throw error;
    // What means several, or cannot mean any, is an error here.
    if (name === '' || view.containers.some(({ id }) => id.startsWith(name)))
      throw new ErrorOccurred(error.message);
    return { exists: 1 };
  }
}
