// Hazards of layouts in directories, which can have links, pipes and devices.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hexOf, layoutFiles } from '../../archive/images.js';
import { parts, type Hazard } from './hazard.js';
import { zipped } from './layout-hazard.js';

/** A layout in a directory. */
function directory(
  name: string,
  outcome: Hazard['outcome'],
  change: (path: string, canary: string) => void,
): Hazard {
  return {
    name,
    form: 'oci',
    outcome,
    make: (path, canary) => {
      writeFiles(path, layoutFiles(parts));
      change(path, canary);
    },
  };
}

export function writeFiles(path: string, files: ReadonlyMap<string, Buffer>): void {
  for (const [name, content] of files) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
}

const layerBlob = `blobs/sha256/${hexOf(zipped[0]!)}`;
const configBlob = `blobs/sha256/${hexOf(parts.config)}`;

export function instead(
  name: string,
  make: (path: string, canary: string) => void,
): (path: string, canary: string) => void {
  return (path, canary) => {
    rmSync(join(path, name), { recursive: true });
    make(join(path, name), canary);
  };
}

export const fifo = (path: string): void => void execFileSync('mkfifo', [path]);

export const directoryHazards: readonly Hazard[] = [
  directory(
    'a config that is a link out',
    /leads out of/,
    instead(configBlob, (path, canary) => symlinkSync(join(canary, 'file'), path)),
  ),
  directory(
    'a layer that is a link to a device',
    /leads out of/,
    instead(layerBlob, (path) => symlinkSync('/dev/zero', path)),
  ),
  directory(
    'a layer that is a link out by ..',
    /leads out of/,
    instead(layerBlob, (path) => symlinkSync('../../../canary/file', path)),
  ),
  directory(
    'a layer that is a link to itself',
    /ELOOP/,
    instead(layerBlob, (path) => symlinkSync(path, path)),
  ),
  directory('a layer that is a pipe', /not a regular file/, instead(layerBlob, fifo)),
  directory('a config that is a pipe', /not a regular file/, instead(configBlob, fifo)),
  directory(
    'a layer that is a directory',
    /not a regular file/,
    instead(layerBlob, (path) => mkdirSync(path)),
  ),
  directory(
    'an index.json that is a link to the host',
    /leads out of/,
    instead('index.json', (path) => symlinkSync('/etc/passwd', path)),
  ),
  directory('an index.json that is a pipe', /not a regular file/, instead('index.json', fifo)),
  directory('an oci-layout that is a pipe', /not a regular file/, instead('oci-layout', fifo)),
  directory(
    'blobs that are a link out',
    /no such file/,
    instead('blobs', (path, canary) => symlinkSync(canary, path)),
  ),
  directory(
    'blobs that are a file',
    /no such file/,
    instead('blobs', (path) => writeFileSync(path, '')),
  ),
  directory('a link that stays inside', 'same', (path) => {
    const content = parts.config;
    rmSync(join(path, configBlob));
    writeFileSync(join(path, 'elsewhere'), content);
    symlinkSync('../../elsewhere', join(path, configBlob));
  }),
  { name: 'a file', form: 'oci', outcome: /is not a directory/, make: (path) => writeFileSync(path, '') },
  { name: 'nothing', form: 'oci', outcome: /ENOENT|no such file/, make: () => undefined },
];
