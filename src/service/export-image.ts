// ExportImage
import type { ExportImageParameters } from '../generated/io-podman.js';
import type { CallContext } from '../rpc/index.js';
import type { Runtime } from '../runtime/runtime.js';
import { lookInto } from './look-up.js';

export async function exportImage(
  runtime: Runtime,
  { name, destination, compress, tags }: ExportImageParameters,
  call: CallContext,
): Promise<{ image: string }> {
  const { image } = await lookInto(runtime, name, call.signal);
  const asItIs = { format: '', removeSignatures: false, signBy: '' };
  await runtime.copies.push('export', { ...asItIs, image, destination, compress, tags }, call).result;
  return { image: image.id };
}
