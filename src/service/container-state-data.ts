// ContainerStateData
import type { CallContext } from '../rpc/index.js';
import { containerState } from '../runtime/containers/container-state.js';
import { findContainer } from '../runtime/containers/containers.js';
import type { Runtime } from '../runtime/runtime.js';

export async function containerStateData(
  runtime: Runtime,
  { name }: { readonly name: string },
  { signal }: CallContext,
): Promise<{ config: string }> {
  const view = await runtime.view(signal);
  const state = await containerState(await runtime.store(), view, findContainer(view, name));
  return { config: JSON.stringify(state) };
}
