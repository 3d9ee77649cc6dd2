// Diff
import type { DiffInfo } from '../generated/io-podman.js';
import { gathered, type CallContext } from '../rpc/index.js';
import type { Runtime } from '../runtime/runtime.js';

/** A base layer may have a million files: they are serialised as they are found. */
export async function diff(
  runtime: Runtime,
  { name }: { readonly name: string },
  { signal }: CallContext,
): Promise<{ diffs: readonly DiffInfo[] }> {
  return await gathered('diffs', runtime.diff(name, signal));
}
