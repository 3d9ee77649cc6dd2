// Hazards of configs and layers.
import { gzipSync } from 'node:zlib';
import { file } from '../../archive/images.js';
import { tarOf } from '../../archive/tar-builder.js';
import {
  docker,
  replaced,
  item,
  config,
  changedConfig,
  link,
  top,
  baseName,
  topName,
  mebibyte,
  bomb,
  type Hazard,
} from './hazard.js';

export const contentHazards: readonly Hazard[] = [
  docker(
    'fewer layers than the config says',
    /Inconsistent layer count: 2 in manifest, 3 in config/,
    item({ Layers: [baseName, topName] }),
  ),
  docker(
    'more layers than the config says',
    /Inconsistent layer count: 4 in manifest, 3 in config/,
    item({ Layers: [baseName, topName, baseName, topName] }),
  ),
  docker(
    'one file for two diffIDs',
    /used for two different DiffID values/,
    item({ Layers: [baseName, baseName, baseName] }),
  ),
  docker('two links to one file for two diffIDs', /Digest did not match/, (list) => [
    ...item({ Layers: ['l1', 'l2', 'l1'] })(list),
    link('l1', baseName),
    link('l2', baseName),
  ]),
  docker('a layer that is not there', /Some layer tarfiles are missing/, replaced(topName)),
  docker(
    'a layer with another content',
    /Digest did not match/,
    replaced(topName, file(topName, tarOf({ name: 'evil' }))),
  ),
  docker('a layer without content', /Digest did not match/, replaced(topName, file(topName, ''))),
  docker(
    'a layer that is damaged gzip',
    /gzip/,
    replaced(
      topName,
      file(topName, Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), Buffer.alloc(500, 0xa5)])),
    ),
  ),
  docker('a layer of gzip that is cut', /gzip/, (list) =>
    replaced(topName, file(topName, gzipSync(top).subarray(0, -9)))(list),
  ),
  docker('a layer of gzip with more behind it', /gzip/, (list) =>
    replaced(topName, file(topName, Buffer.concat([gzipSync(top), Buffer.alloc(512)])))(list),
  ),
  docker('a layer of gzip with another content', /Digest did not match/, (list) =>
    replaced(topName, file(topName, gzipSync(tarOf({ name: 'evil' }))))(list),
  ),
  docker('a layer of gzip that is right', 'same', (list) =>
    replaced(topName, file(topName, gzipSync(top)))(list),
  ),
  docker('a layer of gzip in gzip', /Digest did not match/, (list) =>
    replaced(topName, file(topName, gzipSync(gzipSync(top))))(list),
  ),
  docker('a layer that unzips to a thousand times its size', /more than 1000 times/, (list) =>
    replaced(topName, file(topName, bomb()))(list),
  ),
  docker('a config of 5 MiB', /at most 4194304 are read/, (list) =>
    config(Buffer.alloc(5 * mebibyte, ' '))(list),
  ),
  docker('a config that is no JSON', /invalid image configuration/, config('{')),
  docker('a config that is a list', /expected an object/, config('[]')),
  docker('a config without layers', /Inconsistent layer count: 3 in manifest, 0 in config/, config('{}')),
  docker('a config with a key twice', /duplicate key/, config('{"os":"a","os":"b"}')),
  docker('a config nested 101 deep', /nested deeper/, config(`{"a":${'['.repeat(101)}${']'.repeat(101)}}`)),
  docker('a config with 60,000 values', /invalid image configuration/, (list) =>
    config(`{"a":[${Array(60_000).fill('0').join(',')}]}`)(list),
  ),
  docker(
    'diffIDs that are paths',
    /digest/,
    changedConfig({ rootfs: { diff_ids: ['sha256:../../../canary/file', 'a', 'b'] } }),
  ),
  docker(
    'diffIDs of an algorithm that is broken',
    /digest/,
    changedConfig({ rootfs: { diff_ids: Array(3).fill(`md5:${'a'.repeat(32)}`) } }),
  ),
  docker(
    'diffIDs in upper case',
    /digest/,
    changedConfig({ rootfs: { diff_ids: Array(3).fill(`sha256:${'A'.repeat(64)}`) } }),
  ),
  docker('diffIDs that are no texts', /rootfs\.diff_ids/, changedConfig({ rootfs: { diff_ids: [1, 2, 3] } })),
  docker('manifest.json twice', 'same', (list) => [...list, file('manifest.json', '[]')]),
  docker('a layer twice, the second one wrong', 'same', (list) => [...list, file(topName, 'evil')]),
];
