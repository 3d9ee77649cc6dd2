// Images whose configuration is given as a whole, so that it may be as other programs write it.
import { digestOf } from '../../peers/registry/content.js';
import { buildImage, type SampleImage, type SampleOptions } from '../../peers/sample-image.js';

export interface RawImageOptions extends Pick<SampleOptions, 'layers' | 'format' | 'annotations'> {
  /** Of the configuration; platform and root file system are added where they are missing. */
  readonly document: Readonly<Record<string, unknown>>;
}

export async function rawImage({ document, ...options }: RawImageOptions): Promise<SampleImage> {
  const image = await buildImage(options);
  const { architecture, os, rootfs } = JSON.parse(image.config.bytes.toString()) as Record<string, unknown>;
  const bytes = Buffer.from(JSON.stringify({ architecture, os, rootfs, ...document }));
  const config = { mediaType: image.config.mediaType, digest: digestOf(bytes), size: bytes.length };
  const manifest = Buffer.from(JSON.stringify({ ...(JSON.parse(image.bytes.toString()) as object), config }));
  return {
    ...image,
    bytes: manifest,
    digest: digestOf(manifest),
    size: manifest.length,
    config: { ...config, bytes },
  };
}
