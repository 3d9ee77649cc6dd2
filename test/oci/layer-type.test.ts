import { describe, expect, it } from '@jest/globals';
import { compressionOf, isForeign, layerTypeIn, LayerTypeError } from '../../src/oci/layer-type.js';
import { dockerManifest, ociManifest } from '../../src/oci/media-types.js';

const docker = 'application/vnd.docker.image.rootfs';
const oci = 'application/vnd.oci.image.layer';

describe('the media type of a layer', () => {
  it.each([
    [ociManifest, `${docker}.diff.tar.gzip`, 'gzip', `${oci}.v1.tar+gzip`],
    [ociManifest, `${docker}.diff.tar.gzip`, 'zstd', `${oci}.v1.tar+zstd`],
    [ociManifest, `${docker}.diff.tar`, 'none', `${oci}.v1.tar`],
    [ociManifest, `${docker}.foreign.diff.tar.gzip`, 'gzip', `${oci}.nondistributable.v1.tar+gzip`],
    [dockerManifest, `${oci}.v1.tar+gzip`, 'gzip', `${docker}.diff.tar.gzip`],
    [dockerManifest, `${oci}.v1.tar+zstd`, 'gzip', `${docker}.diff.tar.gzip`],
    [dockerManifest, `${oci}.v1.tar`, 'none', `${docker}.diff.tar`],
    [dockerManifest, `${oci}.nondistributable.v1.tar`, 'none', `${docker}.foreign.diff.tar`],
    [ociManifest, 'application/vnd.in-toto+json', 'none', 'application/vnd.in-toto+json'],
  ] as const)('is, in %s, for %s with %s, %s', (manifest, from, compression, to) => {
    expect(layerTypeIn(manifest, from, compression)).toBe(to);
  });

  it.each([
    [dockerManifest, `${oci}.v1.tar+zstd`, 'zstd', 'zstd compression is not supported for docker images'],
    [
      dockerManifest,
      'application/vnd.in-toto+json',
      'none',
      'Unknown media type during manifest conversion: "application/vnd.in-toto+json"',
    ],
    [
      ociManifest,
      'application/vnd.docker.plugin.v1+json',
      'none',
      'Unknown media type during manifest conversion: "application/vnd.docker.plugin.v1+json"',
    ],
  ] as const)('does not exist in %s for %s with %s', (manifest, from, compression, message) => {
    const type = (): string => layerTypeIn(manifest, from, compression);
    expect(type).toThrow(LayerTypeError);
    expect(type).toThrow(message);
  });

  it('tells compression and whether the layer may lie elsewhere', () => {
    expect(compressionOf(`${oci}.v1.tar+zstd`)).toBe('zstd');
    expect(compressionOf('application/json')).toBeUndefined();
    expect(isForeign(`${docker}.foreign.diff.tar.gzip`)).toBe(true);
    expect(isForeign(`${docker}.diff.tar.gzip`)).toBe(false);
  });
});
