import { describe, expect, it } from '@jest/globals';
import { PlatformError, choosePlatform } from '../../src/oci/choose-platform.js';
import type { Descriptor } from '../../src/oci/descriptor.js';
import { parseDigest } from '../../src/oci/digest.js';
import type { ImageIndex } from '../../src/oci/manifest.js';
import { dockerManifestList, ociIndex } from '../../src/oci/media-types.js';
import type { Platform } from '../../src/oci/platform.js';
import { hostPlatform } from '../../src/oci/platform.js';

/** An index of images for `linux/arm/v7` and the like; `*` has no platform, `+zstd` has zstd layers. */
function indexOf(names: readonly string[], mediaType = ociIndex): ImageIndex {
  return { kind: 'index', mediaType, manifests: names.map(entryOf), annotations: {} };
}

function entryOf(name: string, position: number): Descriptor {
  const [os = '', architecture = '', variant] = name.replace('+zstd', '').split('/');
  return {
    mediaType: 'm',
    digest: parseDigest(`sha256:${String(position).repeat(64)}`),
    size: 1,
    ...(name !== '*' && { platform: { os, architecture, ...(variant !== undefined && { variant }) } }),
    ...(name.endsWith('+zstd') && { annotations: { 'io.github.containers.compression.zstd': 'true' } }),
  };
}

function chosen(names: readonly string[], platform: Platform, preferZstd = false): number {
  const index = indexOf(names);
  return index.manifests.indexOf(choosePlatform(index, platform, preferZstd));
}

const amd64 = { os: 'linux', architecture: 'amd64' };
const arm = (variant?: string): Platform => ({
  os: 'linux',
  architecture: 'arm',
  ...(variant && { variant }),
});

describe('the image of an index', () => {
  it.each([
    ['the first of the same platform', ['linux/arm64', 'linux/amd64', 'linux/amd64'], amd64, 1],
    ['not that of another system', ['windows/amd64', 'linux/amd64'], amd64, 1],
    ['not one without a platform', ['*', 'unknown/unknown', 'linux/amd64'], amd64, 2],
    ['of any variant where variants mean nothing', ['linux/amd64/v3'], amd64, 0],
    [
      'the best variant that runs, wherever it stands',
      ['linux/arm/v5', 'linux/arm/v6', 'linux/arm/v7'],
      arm('v7'),
      2,
    ],
    ['a lesser variant for lack of the right one', ['linux/arm/v5', 'linux/arm/v6'], arm('v7'), 1],
    ['no better variant than runs', ['linux/arm/v7', 'linux/arm/v6'], arm('v6'), 1],
    ['one without variant at last', ['linux/arm'], arm('v7'), 0],
    ['v8 of arm64', ['linux/arm64/v8'], { os: 'linux', architecture: 'arm64', variant: 'v8' }, 0],
    ['arm64 without a variant', ['linux/arm64'], { os: 'linux', architecture: 'arm64', variant: 'v8' }, 0],
    ['for a machine of unknown variant, first one without', ['linux/arm/v7', 'linux/arm'], arm(), 1],
  ])('is %s', (_, names, platform, expected) => {
    expect(chosen(names, platform)).toBe(expected);
  });

  it('is one with zstd layers if that is preferred', () => {
    const names = ['linux/amd64', 'linux/amd64+zstd', 'linux/arm64+zstd'];
    expect(chosen(names, amd64, true)).toBe(1);
    expect(chosen(names, amd64, false)).toBe(0);
  });

  it.each([
    [dockerManifestList, 'no image found in manifest list for architecture arm, variant "v6", OS linux'],
    [ociIndex, 'no image found in image index for architecture arm, variant "v6", OS linux'],
  ])('is missed by name: %s', (mediaType, message) => {
    const index = indexOf(['linux/amd64', 'linux/arm/v7', '*'], mediaType);
    expect(() => choosePlatform(index, arm('v6'))).toThrow(new PlatformError(message));
  });
});

describe('this machine', () => {
  it.each([
    ['x64', '', { os: 'linux', architecture: 'amd64' }],
    ['ia32', '', { os: 'linux', architecture: '386' }],
    ['ppc64', '', { os: 'linux', architecture: 'ppc64le' }],
    ['s390x', 'CPU architecture: 8', { os: 'linux', architecture: 's390x' }],
    ['arm64', 'processor : 0\nCPU architecture: 8\n', { os: 'linux', architecture: 'arm64', variant: 'v8' }],
    ['arm', 'CPU architecture: 7\n', { os: 'linux', architecture: 'arm', variant: 'v7' }],
    ['arm', 'CPU architecture\t: 6TEJ\n', { os: 'linux', architecture: 'arm', variant: 'v6' }],
    ['arm', 'CPU architecture: AArch64\n', { os: 'linux', architecture: 'arm', variant: 'v8' }],
    ['arm', '', { os: 'linux', architecture: 'arm' }],
  ])('is named as in Go: %s', (arch, cpuinfo, platform) => {
    expect(hostPlatform(arch, cpuinfo)).toEqual(platform);
  });
});
