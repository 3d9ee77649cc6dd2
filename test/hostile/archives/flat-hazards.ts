// Hazards of `dir:` directories.
import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { described, hexOf } from '../../archive/images.js';
import { parts, base, mebibyte, type Hazard } from './hazard.js';
import { manifestType, configType } from './layout-hazard.js';
import { fifo, instead, writeFiles } from './directory-hazards.js';

/** A `dir:` directory. */
function flat(
  name: string,
  outcome: Hazard['outcome'],
  change: (path: string, canary: string) => void,
): Hazard {
  const blobs = [...parts.layers, parts.config].map((blob) => [hexOf(blob), blob] as const);
  const document = {
    schemaVersion: 2,
    mediaType: manifestType,
    config: described(configType, parts.config),
    layers: parts.layers.map((layer) => described('application/vnd.oci.image.layer.v1.tar', layer)),
  };
  const files = new Map([...blobs, ['manifest.json', Buffer.from(JSON.stringify(document))] as const]);
  return {
    name,
    form: 'dir',
    outcome,
    make: (path, canary) => {
      writeFiles(path, files);
      change(path, canary);
    },
  };
}

export const flatHazards: readonly Hazard[] = [
  flat('nothing wrong', 'same', () => undefined),
  flat('no manifest.json', /no such file/, (path) => rmSync(join(path, 'manifest.json'))),
  flat(
    'a manifest.json that is a link to the host',
    /leads out of/,
    instead('manifest.json', (path) => symlinkSync('/etc/passwd', path)),
  ),
  flat('a manifest.json of 5 MiB', /at most 4194304 are read/, (path) =>
    writeFileSync(join(path, 'manifest.json'), Buffer.alloc(5 * mebibyte, ' ')),
  ),
  flat('a manifest.json of no kind', /schema version/, (path) =>
    writeFileSync(join(path, 'manifest.json'), '{}'),
  ),
  flat('a config that is another one', /Size did not match/, (path) =>
    writeFileSync(join(path, hexOf(parts.config)), '{}'),
  ),
  flat('a layer that is another one', /Size did not match/, (path) =>
    writeFileSync(join(path, hexOf(base)), 'evil'),
  ),
  flat('a layer that is a pipe', /not a regular file/, instead(hexOf(base), fifo)),
  flat(
    'a layer that is a link out',
    /leads out of/,
    instead(hexOf(base), (path, canary) => symlinkSync(join(canary, 'file'), path)),
  ),
  flat('a layer of four pebibytes', /Size did not match/, (path) => {
    const name = join(path, 'manifest.json');
    const text = readFileSync(name, 'utf8');
    writeFileSync(name, text.replace(`"size":${base.length}`, `"size":${2 ** 52}`));
  }),
  flat('a signature that is a pipe', /not a regular file/, (path) => fifo(join(path, 'signature-1'))),
  flat('a signature of 5 MiB', /at most 4194304 are read/, (path) =>
    writeFileSync(join(path, 'signature-1'), Buffer.alloc(5 * mebibyte)),
  ),
  flat('signatures of which one is missing', 'same', (path) => writeFileSync(join(path, 'signature-2'), 'x')),
];
