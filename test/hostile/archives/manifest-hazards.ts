// Hazards of manifest.json.
import { file } from '../../archive/images.js';
import {
  docker,
  replaced,
  replacedManifest,
  item,
  baseName,
  topName,
  configName,
  mebibyte,
  type Hazard,
} from './hazard.js';

export const manifestHazards: readonly Hazard[] = [
  docker('no manifest.json', /manifest\.json: file does not exist/, replaced('manifest.json')),
  docker('nothing but what Docker before 1.10 wrote', /manifest\.json: file does not exist/, () => [
    file('repositories', '{"a":{"1":"x"}}'),
  ]),
  docker('an empty manifest.json', /expected an array/, replacedManifest('')),
  docker('a manifest.json without images', /expected 1 item, got 0/, replacedManifest('[]')),
  docker('a manifest.json that is no JSON', /invalid JSON/, replacedManifest('[{"Config":x}]')),
  docker('a manifest.json that is an object', /expected an array/, replacedManifest('{}')),
  docker('a manifest.json of numbers', /expected an object/, replacedManifest('[1]')),
  docker('a manifest.json that stops', /it ends too early/, replacedManifest('[{"Config":"a"')),
  docker(
    'a manifest.json with more behind it',
    /data behind the array/,
    replacedManifest('[{"Config":"a"}]{}'),
  ),
  docker('a manifest.json with an empty item', /invalid JSON/, replacedManifest('[{"Config":"a"},,]')),
  docker('a manifest.json of 17 MiB', /at most 16777216 are read/, (list) =>
    replacedManifest(Buffer.alloc(17 * mebibyte, ' '))(list),
  ),
  docker('an image of 2 MiB in manifest.json', /more than 1048576 bytes/, (list) =>
    item({ Padding: 'x'.repeat(2 * mebibyte) })(list),
  ),
  docker('a manifest.json with 10,001 images', /more than 10000 images/, (list) =>
    replacedManifest(`[${Array(10_001).fill('{"Config":"a"}').join(',')}]`)(list),
  ),
  docker('a manifest.json nested a hundred thousand deep', /nested deeper|bytes/, (list) =>
    replacedManifest(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)(list),
  ),
  docker('two values for one key', /duplicate key "Config"/, (list) =>
    replacedManifest(`[{"Config":"a","Config":${JSON.stringify(configName)},"Layers":[]}]`)(list),
  ),
  docker('a key in two spellings', /unexpected field config/, item({ config: 'other.json' })),
  docker('a key that is everybody’s prototype', 'same', (list) =>
    replacedManifest(
      JSON.stringify([{ Config: configName, Layers: [baseName, topName, baseName] }]).replace(
        '{',
        '{"__proto__":{"RepoTags":1},',
      ),
    )(list),
  ),
  docker('a config that is a number', /Config: expected a string/, item({ Config: 1 })),
  docker('no config', /Config: expected a path/, item({ Config: null })),
  docker('a config without a name', /Config: expected a path/, item({ Config: '' })),
  docker('layers that are no texts', /Layers: expected an array of strings/, item({ Layers: [1, 2, 3] })),
  docker('tags that are no texts', /RepoTags: expected an array of strings/, item({ RepoTags: [{}] })),
  docker('a tag that would write into a terminal', 'same', item({ RepoTags: ['\u001b[2J\n'] })),
];
