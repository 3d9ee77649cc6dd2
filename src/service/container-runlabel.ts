// ContainerRunlabel
import type { Runlabel } from '../generated/io-podman.js';
import type { CallContext, Empty } from '../rpc/index.js';
import type { Runtime } from '../runtime/runtime.js';

export async function containerRunlabel(
  runtime: Runtime,
  { runlabel }: { readonly runlabel: Runlabel },
  call: CallContext,
): Promise<Empty> {
  await runtime.runLabel(runlabel, call);
  return {};
}
