// Hazards of OCI layouts in archives.
import { described, hexOf, layoutFiles, members } from '../../archive/images.js';
import { replaced, link, parts, none, mebibyte, type Hazard } from './hazard.js';
import {
  layout,
  layoutMembers,
  manifestType,
  indexType,
  layerType,
  indexOf,
  entry,
  manifest,
  zipped,
  goodManifest,
  layers,
} from './layout-hazard.js';

export const layoutHazards: readonly Hazard[] = [
  layout('no index.json', /index\.json: file does not exist/, (files) => void files.delete('index.json')),
  layout('an index.json that is no JSON', /invalid manifest/, (files) =>
    files.set('index.json', Buffer.from('{')),
  ),
  layout('an index.json that is an image', /ambiguous|expected/, (files) =>
    files.set('index.json', Buffer.from(JSON.stringify(goodManifest))),
  ),
  layout('an index.json that is both', /ambiguous/, (files) =>
    files.set('index.json', Buffer.from(JSON.stringify({ ...indexOf(files), layers: [] }))),
  ),
  layout('an index.json of another schema', /schema version/, (files) =>
    files.set('index.json', Buffer.from(JSON.stringify({ ...indexOf(files), schemaVersion: 1 }))),
  ),
  layout('an index.json of 5 MiB', /at most 4194304 are read/, (files) =>
    files.set('index.json', Buffer.alloc(5 * mebibyte, ' ')),
  ),
  layout('an index.json with 10,001 entries', /more than 10000 entries|values/, (files) => {
    const [first] = indexOf(files).manifests;
    const { digest } = first as { digest: string };
    const small = Array.from({ length: 10_001 }, () => ({ digest, size: 1 }));
    return files.set('index.json', Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: small })));
  }),
  layout('an index.json without entries', /choose an image/, (files) =>
    files.set('index.json', Buffer.from('{"schemaVersion":2,"manifests":[]}')),
  ),
  layout('an index.json in which a key comes twice', /duplicate key/, (files) =>
    files.set(
      'index.json',
      Buffer.from(files.get('index.json')!.toString().replace('{', '{"manifests":[],')),
    ),
  ),
  layout('a digest that is a path', /digest/, entry({ digest: 'sha256:../../../canary/file' })),
  layout(
    'a digest with a slash in its algorithm',
    /digest/,
    entry({ digest: `../../canary:${'a'.repeat(64)}` }),
  ),
  layout('a digest of an unknown algorithm', /digest/, entry({ digest: `md5:${'a'.repeat(32)}` })),
  layout('a digest in upper case', /digest/, entry({ digest: `sha256:${'A'.repeat(64)}` })),
  layout('a digest that is too short', /digest/, entry({ digest: `sha256:${'a'.repeat(63)}` })),
  layout('a digest with a newline', /digest/, entry({ digest: `sha256:${'a'.repeat(64)}\n` })),
  layout(
    'a manifest that is not there',
    /file does not exist/,
    entry({ digest: `sha256:${'a'.repeat(64)}` }),
  ),
  layout('a size that is negative', /size/, entry({ size: -1 })),
  layout('a size that is no whole number', /size/, entry({ size: 1.5 })),
  layout('a size past all numbers', /size/, entry({ size: 1e30 })),
  layout('a size that is a text', /size/, entry({ size: '700' })),
  layout('a manifest that is shorter than it is said to be', /Size did not match/, entry({ size: 100_000 })),
  layout('a manifest that is longer than it is said to be', /Size did not match/, entry({ size: 10 })),
  layout('a manifest that is another one', /Digest did not match/, (files) => {
    const { digest } = indexOf(files).manifests[0] as { digest: string };
    const name = `blobs/sha256/${digest.slice(7)}`;
    return files.set(name, Buffer.from(files.get(name)!.toString().replace('"layers"', '"LAYERS"')));
  }),
  layout('an image called an index', /ambiguous/, entry({ mediaType: indexType })),
  layout(
    'an index called an image',
    /ambiguous/,
    manifest({ schemaVersion: 2, mediaType: indexType, manifests: [] }),
  ),
  layout('a manifest with the fields of both', /ambiguous/, manifest({ ...goodManifest, manifests: [] })),
  layout('a manifest with layers in two spellings', /ambiguous/, manifest({ ...goodManifest, Layers: [] })),
  layout(
    'a manifest of schema 1',
    /ambiguous|schema/,
    manifest({ schemaVersion: 1, fsLayers: [], history: [] }),
  ),
  layout('a manifest that is a list', /invalid manifest/, manifest('[]')),
  layout('a manifest without a config', /config: expected/, manifest({ ...goodManifest, config: undefined })),
  layout(
    'a manifest with more layers than its config',
    /has 3 diff_ids/,
    manifest({ ...goodManifest, layers: [...goodManifest.layers, goodManifest.layers[0]] }),
  ),
  layout('a manifest without layers', /has 3 diff_ids/, manifest({ ...goodManifest, layers: [] })),
  layout(
    'a config that is somewhere else',
    /digest/,
    manifest({ ...goodManifest, config: { ...goodManifest.config, digest: 'sha256:../../x' } }),
  ),
  layout('a config that is another one', /Digest did not match/, (files) =>
    files.set(
      `blobs/sha256/${hexOf(parts.config)}`,
      Buffer.from(parts.config.toString().replace('amd64', 'AMD64')),
    ),
  ),
  layout(
    'a config with a wrong size',
    /Size did not match/,
    manifest({ ...goodManifest, config: { ...goodManifest.config, size: 3 } }),
  ),
  layout(
    'a layer for a config',
    /invalid image configuration|Size|size/,
    manifest({ ...goodManifest, config: goodManifest.layers[0] }),
  ),
  layout('a layer shorter than it is said to be', /Size did not match/, layers({ size: 100_000 })),
  layout('a layer longer than it is said to be', /Size did not match/, layers({ size: 10 })),
  layout('a layer that is another one', /Digest did not match/, (files) => {
    const wrong = Buffer.from(zipped[0]!);
    wrong[30]! ^= 1;
    return files.set(`blobs/sha256/${hexOf(zipped[0]!)}`, wrong);
  }),
  layout(
    'layers in another order',
    /Digest did not match/,
    manifest({
      ...goodManifest,
      layers: [zipped[1]!, zipped[0]!, zipped[0]!].map((layer) => described(layerType, layer)),
    }),
  ),
  layout('a layer with a file of the host for a url', /Unknown blob/, (files) => {
    files.delete(`blobs/sha256/${hexOf(zipped[0]!)}`);
    layers({ urls: ['file:///etc/passwd', '/etc/passwd'] })(files);
  }),
  layout('a layer with urls that are no texts', /urls/, layers({ urls: [1] })),
  layout(
    'a layer of a type that means nothing',
    /Unknown media type/,
    layers({ mediaType: 'application/x-evil' }),
  ),
  layout(
    'a layer said to be zstd that is gzip',
    'same',
    layers({ mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd' }),
  ),
  layout('an index of an index', /Unexpectedly received a manifest list/, (files) => {
    const inner = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [] }));
    files.set(`blobs/sha256/${hexOf(inner)}`, inner);
    const platform = { os: 'linux', architecture: 'amd64' };
    const outer = {
      schemaVersion: 2,
      mediaType: indexType,
      manifests: [{ ...described(indexType, inner), platform }],
    };
    manifest(outer, indexType)(files);
  }),
  layout('an index with an image that is none', /invalid manifest|schema version/, (files) => {
    const inner = Buffer.from('{}');
    files.set(`blobs/sha256/${hexOf(inner)}`, inner);
    const platform = { os: 'linux', architecture: 'amd64' };
    const outer = {
      schemaVersion: 2,
      mediaType: indexType,
      manifests: [{ ...described(manifestType, inner), platform }],
    };
    manifest(outer, indexType)(files);
  }),
  layout('an index for other machines', /no image found/, (files) => {
    const platform = { os: 'plan9', architecture: 'mips' };
    const entries = [{ ...described(manifestType, Buffer.from('x')), platform }];
    manifest({ schemaVersion: 2, mediaType: indexType, manifests: entries }, indexType)(files);
  }),
  layout('an oci-layout that is no JSON', /invalid oci-layout/, (files) =>
    files.set('oci-layout', Buffer.from('1.0.0')),
  ),
  layout('an oci-layout without a version', /unsupported OCI layout version/, (files) =>
    files.set('oci-layout', Buffer.from('{}')),
  ),
  layout('an oci-layout of 1 MiB', /at most 65536 are read/, (files) =>
    files.set('oci-layout', Buffer.alloc(mebibyte, ' ')),
  ),
  layoutMembers('blobs that are a link out, and members behind it', 'same', () => [
    link('blobs', '../canary'),
    link('blobs/sha256', '/tmp'),
    ...members(layoutFiles(parts)),
  ]),
  layoutMembers('a blob that is a link out', /leads out of the archive/, () =>
    replaced(
      `blobs/sha256/${hexOf(zipped[0]!)}`,
      link(`blobs/sha256/${hexOf(zipped[0]!)}`, '/etc/passwd'),
    )(members(layoutFiles(parts))),
  ),
  layoutMembers('a blob that is a device', /not a regular file/, () =>
    replaced(`blobs/sha256/${hexOf(zipped[0]!)}`, {
      name: `blobs/sha256/${hexOf(zipped[0]!)}`,
      type: '4',
      major: 8,
      ...none,
    })(members(layoutFiles(parts))),
  ),
];
