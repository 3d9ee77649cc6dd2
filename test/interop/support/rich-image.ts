// An image with everything a layer may hold, so that two stores can be compared entry by entry.
import { createHash } from 'node:crypto';

import { buildImage, type SampleEntry, type SampleImage } from '../../peers/sample-image.js';

/** A file capability (cap_net_bind_service, permitted) as the kernel stores it: bytes below 0x80 only. */
const capability =
  '\u0001\u0000\u0000\u0002\u0000\u0004\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000';

const base: readonly SampleEntry[] = [
  { name: './', type: 'directory', mode: 0o700, uid: 7, gid: 7 },
  directory('bin'),
  directory('dev'),
  directory('etc'),
  directory('tmp', { mode: 0o1777 }),
  directory('opt'),
  directory('opt/app'),
  directory('var', { pax: { mtime: '1700000000.123456789' } }),
  directory('var/mail', { mode: 0o2775, gid: 8 }),
  { name: 'bin/tool', mode: 0o755, content: '#!/bin/sh\nexit 0\n' },
  { name: 'bin/setuid', mode: 0o4755, content: 'set-uid' },
  { name: 'bin/setgid', mode: 0o2711, gid: 50, content: 'set-gid' },
  { name: 'bin/tool-link', type: 'link', linkname: 'bin/tool' },
  { name: 'bin/ping', mode: 0o755, content: 'ping', pax: { 'SCHILY.xattr.security.capability': capability } },
  { name: 'bin/absolute', type: 'symlink', linkname: '/bin/tool', mode: 0o777 },
  { name: 'bin/dangling', type: 'symlink', linkname: '../nowhere', mode: 0o777 },
  { name: 'dev/null', type: 'character-device', devmajor: 1, devminor: 3, mode: 0o666 },
  { name: 'dev/disk', type: 'block-device', devmajor: 8, devminor: 17, mode: 0o660, gid: 6 },
  { name: 'dev/queue', type: 'fifo', mode: 0o600 },
  { name: 'etc/empty' },
  { name: 'etc/secret', mode: 0o400, uid: 1000, gid: 1001, content: 'owner only' },
  { name: 'etc/noted', content: 'noted', pax: { 'SCHILY.xattr.user.note': 'from the layer' } },
  { name: 'etc/fine-times', content: 'ns', pax: { mtime: '1600000000.987654321', atime: '1600000001.5' } },
  { name: `etc/${'long-name-'.repeat(15)}`, content: 'a name beyond the header' },
  { name: 'etc/ünïcode €', content: 'a name beyond ASCII' },
  { name: 'opt/app/data', content: noise(1_500_000) },
  { name: 'opt/app/old', content: 'removed by the next layer' },
  { name: 'missing/parent/file', content: 'its parents are not in the layer' },
];

const changes: readonly SampleEntry[] = [
  directory('etc'),
  { name: 'etc/empty', mode: 0o600, content: 'no longer' },
  { name: 'etc/.wh.noted' },
  directory('opt', { mode: 0o750, uid: 33 }),
  { name: 'opt/app/.wh.old' },
  directory('var', { mode: 0o711 }),
  { name: 'var/.wh..wh..opq' },
  { name: 'var/fresh', content: 'all else in var is hidden' },
  { name: 'bin/tool', type: 'symlink', linkname: 'setuid', mode: 0o777 },
];

const last: readonly SampleEntry[] = [
  { name: 'etc/fine-times/', type: 'directory', mode: 0o755 },
  { name: 'etc/fine-times/inside', content: 'a file became a directory' },
  { name: 'srv/one', content: 'one' },
  { name: 'srv/two', type: 'link', linkname: 'srv/one' },
];

/** Three layers of all kinds of entries, with a full configuration; the same digests every time. */
export function buildRichImage(
  format: 'oci' | 'docker' = 'oci',
  compression: 'gzip' | 'none' | 'zstd' = 'gzip',
): Promise<SampleImage> {
  // Not the same configuration, or they would be one image.
  const created = format === 'oci' ? '2023-11-14T22:13:20.123456789Z' : '2023-11-14T22:13:20Z';
  return buildImage({
    format,
    compression,
    created,
    author: 'Somebody <somebody@example.com>',
    layers: [base, changes, last],
    config: {
      Cmd: ['-c', 'echo "<hello> & good-bye"'],
      Entrypoint: ['/bin/sh'],
      Env: ['PATH=/usr/bin:/bin', 'GREETING=<hello>'],
      ExposedPorts: { '8080/tcp': {} },
      Labels: {
        'com.example.kind': 'rich',
        'com.example.empty': '',
        // Not the same configuration here, either.
        ...(compression === 'gzip' ? {} : { 'com.example.compression': compression }),
      },
      StopSignal: 'SIGINT',
      User: '1000:1001',
      Volumes: { '/var/mail': {} },
      WorkingDir: '/srv',
    },
    history: [
      { created: '2023-11-14T22:13:18Z', created_by: 'ADD base / # buildkit', comment: 'first' },
      { created: '2023-11-14T22:13:19.5Z', created_by: 'ENV GREETING=<hello>', empty_layer: true },
      { created: '2023-11-14T22:13:19.75Z', created_by: 'RUN change' },
      { created, created_by: 'COPY last /', author: 'Somebody' },
      { created, created_by: 'CMD ["-c" "echo"]', empty_layer: true },
    ],
  });
}

function directory(name: string, more: Partial<SampleEntry> = {}): SampleEntry {
  return { name: `${name}/`, type: 'directory', mode: 0o755, ...more };
}

/** Bytes that do not compress, the same every time. */
export function noise(length: number, seed = 'noise'): Buffer {
  const parts: Buffer[] = [];
  for (let made = 0, number = 0; made < length; made += 64, number += 1) {
    parts.push(createHash('sha512').update(`${seed} ${number}`).digest());
  }
  return Buffer.concat(parts).subarray(0, length);
}
