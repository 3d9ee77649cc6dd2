// ImageTree
import type { CallContext } from '../rpc/index.js';
import { imageTree as draw } from '../runtime/images/image-tree.js';
import type { Runtime } from '../runtime/runtime.js';
import { lookInto } from './look-up.js';

export async function imageTree(
  runtime: Runtime,
  { name, whatRequires }: { readonly name: string; readonly whatRequires: boolean },
  { signal }: CallContext,
): Promise<{ tree: string }> {
  const { view, image } = await lookInto(runtime, name, signal);
  return { tree: draw(view, image, whatRequires) };
}
