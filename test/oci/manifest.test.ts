import { describe, expect, it } from '@jest/globals';
import { ManifestError, manifestMediaType, parseManifest } from '../../src/oci/manifest.js';
import {
  dockerManifest,
  dockerManifestList,
  dockerSchema1,
  dockerSchema1Signed,
  ociConfig,
  ociIndex,
  ociManifest,
} from '../../src/oci/media-types.js';

const digest = `sha256:${'1'.repeat(64)}`;
const blob = { mediaType: 'application/octet-stream', digest, size: 3 };
const image = { schemaVersion: 2, config: { ...blob, mediaType: ociConfig }, layers: [blob] };
const index = {
  schemaVersion: 2,
  manifests: [{ ...blob, platform: { os: 'linux', architecture: 'amd64' } }],
};

const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

describe('a manifest of an image', () => {
  it('has a configuration, layers and annotations', () => {
    const annotated = { ...image, annotations: { a: 'b' } };
    expect(parseManifest(bytes(annotated), ociManifest)).toEqual({
      kind: 'image',
      mediaType: ociManifest,
      config: { ...blob, mediaType: ociConfig },
      layers: [blob],
      annotations: { a: 'b' },
    });
  });

  it('may say null where it has nothing', () => {
    const manifest = parseManifest(bytes({ ...image, layers: null, annotations: null }));
    expect(manifest).toMatchObject({ layers: [], annotations: {} });
  });

  it('keeps what a descriptor says besides type, digest and size', () => {
    const layer = { ...blob, urls: ['https://x.example/y'], annotations: { k: 'v' } };
    expect(parseManifest(bytes({ ...image, layers: [layer] }))).toMatchObject({ layers: [layer] });
  });
});

describe('an index', () => {
  it('has an entry for each image, with its platform', () => {
    expect(parseManifest(bytes(index))).toEqual({
      kind: 'index',
      mediaType: ociIndex,
      manifests: index.manifests,
      annotations: {},
    });
  });

  it('has no variant where the variant is empty', () => {
    const platform = { os: 'linux', architecture: 'arm', variant: '' };
    const parsed = parseManifest(bytes({ ...index, manifests: [{ ...blob, platform }] }));
    expect(parsed).toMatchObject({ manifests: [{ platform: { os: 'linux', architecture: 'arm' } }] });
    expect(JSON.stringify(parsed)).not.toContain('variant');
  });
});

describe('the type of a manifest', () => {
  it.each([
    ['the Content-Type, if that is a manifest’s', image, `${ociManifest}; charset=utf-8`, ociManifest],
    ['a look at the configuration', image, 'text/plain', ociManifest],
    ['a look at the entries', index, undefined, ociIndex],
    ['its own mediaType', { ...image, mediaType: dockerManifest }, '', dockerManifest],
    ['its own mediaType', { ...index, mediaType: dockerManifestList }, undefined, dockerManifestList],
    [
      'Docker’s, for lack of anything else',
      { schemaVersion: 2, config: blob, layers: [] },
      undefined,
      dockerManifest,
    ],
    ['schema 1 without signatures', { schemaVersion: 1 }, undefined, dockerSchema1],
    ['schema 1 with signatures', { schemaVersion: 1, signatures: [] }, undefined, dockerSchema1Signed],
  ])('comes from %s', (_, value, contentType, expected) => {
    expect(manifestMediaType(bytes(value), contentType)).toBe(expected);
  });
});

describe('a manifest is refused', () => {
  it.each([
    ['that is an image and an index', { ...image, ...index }, ociManifest, /unexpected fields manifests/],
    ['that is an index and an image', { ...image, ...index }, ociIndex, /unexpected fields config, layers/],
    ['that is of schema 1 and 2', { ...image, fsLayers: [] }, undefined, /unexpected fields fsLayers/],
    [
      'that is called one thing and calls itself another',
      { ...index, mediaType: ociIndex },
      ociManifest,
      /media type .* in supposedly/,
    ],
    ['whose fields are spelled in two ways', { ...image, Layers: [] }, undefined, /unexpected fields Layers/],
    ['of schema 1', { schemaVersion: 1, fsLayers: [], history: [] }, undefined, /unsupported manifest/],
    ['of no known version', { schemaVersion: 3 }, undefined, /unsupported schema version 3/],
    [
      'of another version than its type',
      { ...image, schemaVersion: 7 },
      ociManifest,
      /unsupported schema version 7/,
    ],
    ['without a configuration', { schemaVersion: 2, layers: [] }, ociManifest, /config: expected an object/],
    [
      'with a bad digest',
      { ...image, layers: [{ ...blob, digest: '../../etc/passwd' }] },
      undefined,
      /layers\[0\].digest: expected a digest/,
    ],
    ['with a negative size', { ...image, layers: [{ ...blob, size: -1 }] }, undefined, /layers\[0\].size/],
    [
      'with a size beyond 2^53',
      { ...image, layers: [{ ...blob, size: 2 ** 53 }] },
      undefined,
      /layers\[0\].size/,
    ],
    [
      'with a size that is no number',
      { ...image, layers: [{ ...blob, size: '3' }] },
      undefined,
      /layers\[0\].size/,
    ],
    [
      'with too many layers',
      { ...image, layers: Array.from({ length: 10_001 }, () => blob) },
      undefined,
      /more than 10000 entries/,
    ],
    ['that is no object', [], undefined, /expected an object/],
  ])('%s', (_, value, contentType, message) => {
    const parse = (): unknown => parseManifest(bytes(value), contentType);
    expect(parse).toThrow(ManifestError);
    expect(parse).toThrow(message);
  });

  it('that is larger than 4 MiB', () => {
    const padded = Buffer.concat([bytes(image), Buffer.alloc(4 * 1024 * 1024, ' ')]);
    expect(() => parseManifest(padded)).toThrow('manifest exceeded maximum allowed size of 4194304 bytes');
  });

  it('with a key twice', () => {
    const text = `{"schemaVersion":2,"config":${JSON.stringify(blob)},"layers":[],"layers":[${JSON.stringify(blob)}]}`;
    expect(() => parseManifest(Buffer.from(text))).toThrow('invalid manifest: duplicate key "layers"');
  });
});
