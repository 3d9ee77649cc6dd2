// Hazards of names and links.
import { file } from '../../archive/images.js';
import {
  docker,
  replaced,
  item,
  link,
  parts,
  baseName,
  topName,
  configName,
  type Hazard,
  none,
} from './hazard.js';

export const pathHazards: readonly Hazard[] = [
  docker('a config above the archive', /climbs above the root/, item({ Config: '../canary/file' })),
  docker(
    'a config deep above the archive',
    /climbs above the root/,
    item({ Config: 'a/../../../etc/passwd' }),
  ),
  docker('a config of the host', /file does not exist/, item({ Config: '/etc/passwd' })),
  docker('a config with NUL in its name', /file does not exist/, item({ Config: `${configName}\0.png` })),
  docker('a layer above the archive', /climbs above the root/, item({ Layers: ['../a', topName, baseName] })),
  docker(
    'a layer whose name no file can have',
    /longer than 255/,
    item({ Layers: ['x'.repeat(300), topName, baseName] }),
  ),
  docker('a path of 5000 bytes', /longer than 4095/, item({ Config: 'a/'.repeat(2500) })),
  docker('a member above the archive', /climbs above the root/, (list) => [
    file('../canary/file', 'x'),
    ...list,
  ]),
  docker('a member of the host', 'same', (list) => [file('/etc/imaged-pwned', 'x'), ...list]),
  docker('a member with a newline and no UTF-8', 'same', (list) => [file('a\n\xff\xfe', 'x'), ...list]),
  docker('paths that have to be cleaned', 'same', item({ Config: `./x/..//${configName}` })),
  docker(
    'a config that is a directory',
    /not a regular file/,
    replaced(configName, { name: configName, type: '5', ...none }),
  ),
  docker(
    'a config that is a device',
    /not a regular file/,
    replaced(configName, { name: configName, type: '3', major: 1, minor: 5, ...none }),
  ),
  docker(
    'a config that is a pipe',
    /not a regular file/,
    replaced(configName, { name: configName, type: '6', ...none }),
  ),
  docker(
    'a config that is a hard link',
    /not a regular file/,
    replaced(configName, { name: configName, type: '1', link: 'x', ...none }),
  ),
  docker(
    'a config linked to the host',
    /leads out of the archive/,
    replaced(configName, link(configName, '/etc/passwd')),
  ),
  docker(
    'a config linked above the archive',
    /climbs above the root/,
    replaced(configName, link(configName, '../canary/file')),
  ),
  docker(
    'a config linked to itself',
    /not a regular file/,
    replaced(configName, link(configName, configName)),
  ),
  docker(
    'a config linked in a circle',
    /not a regular file/,
    replaced(configName, link(configName, 'b'), link('b', configName)),
  ),
  docker('a config linked through two links', /not a regular file/, (list) => [
    ...replaced(configName, link(configName, 'b'), link('b', 'c'), file('c', parts.config))(list),
  ]),
  docker(
    'a config linked to nothing',
    /file does not exist/,
    replaced(configName, link(configName, 'nothing')),
  ),
  docker(
    'a config linked once',
    'same',
    replaced(configName, link(configName, 'c'), file('c', parts.config)),
  ),
  docker(
    'a layer linked to the host',
    /leads out of the archive/,
    replaced(baseName, link(baseName, '/dev/zero')),
  ),
  docker(
    'a layer that is a directory',
    /not a regular file/,
    replaced(baseName, { name: baseName, type: '5', ...none }),
  ),
  docker('a directory that is a link', 'same', (list) => [link('x', '/etc'), file('x/passwd', ''), ...list]),
];
