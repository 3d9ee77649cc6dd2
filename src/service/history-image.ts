// HistoryImage
import type { ImageHistory } from '../generated/io-podman.js';
import type { CallContext } from '../rpc/index.js';
import { imageHistory } from '../runtime/images/history.js';
import type { Runtime } from '../runtime/runtime.js';
import { lookInto } from './look-up.js';

export async function historyImage(
  runtime: Runtime,
  { name }: { readonly name: string },
  { signal }: CallContext,
): Promise<{ history: readonly ImageHistory[] }> {
  const { view, image } = await lookInto(runtime, name, signal);
  const steps = await imageHistory(await runtime.store(), view, image);
  return { history: steps };
}
