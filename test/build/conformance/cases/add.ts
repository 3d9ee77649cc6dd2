// ADD: archives and addresses (build.md, Instructions).
import { paxRecord, tarOf } from '../../../archive/tar-builder.js';
import { archive, directory, file, type Compression, type ConformanceCase } from '../conformance-case.js';

const from = 'FROM localhost/base/busybox\n';

const entries = [
  {
    name: 'top/',
    type: 'directory',
    mode: 0o750,
    uid: 12,
    gid: 13,
    mtime: new Date('2021-02-03T04:05:06Z'),
  },
  {
    name: 'top/file',
    content: 'file',
    mode: 0o604,
    uid: 1000,
    gid: 1001,
    mtime: new Date('2021-02-03T04:05:07Z'),
  },
  {
    name: 'top/setuid',
    content: 's',
    mode: 0o4755,
  },
  {
    name: 'top/link',
    type: 'symlink',
    linkname: '../elsewhere',
    mode: 0o777,
  },
  {
    name: 'top/hard',
    type: 'link',
    linkname: 'top/file',
    mode: 0o604,
    uid: 1000,
    gid: 1001,
    mtime: new Date('2021-02-03T04:05:07Z'),
  },
] as const;

const unpacked = (compression: Compression): ConformanceCase => ({
  name: `unpacks a tar with compression ${compression}, whatever its name`,
  files: [archive('some.file', entries, compression)],
  dockerfile: `${from}ADD some.file /to\n`,
});

export const addCases: readonly ConformanceCase[] = [
  ...(['none', 'gzip', 'bzip2', 'xz'] as const).map(unpacked),
  {
    name: 'unpacks a tar with compression zstd',
    files: [archive('a.tar.zst', entries, 'zstd')],
    dockerfile: `${from}ADD a.tar.zst /to\n`,
  },
  {
    name: 'copies what is no archive, as COPY does',
    files: [file('a', 'a', { mode: 0o640 }), file('dir/b', 'b')],
    dockerfile: `${from}ADD a dir /to/\n`,
  },
  {
    name: 'copies a directory with an archive in it without unpacking that',
    files: [archive('dir/a.tar', entries), file('dir/b', 'b')],
    dockerfile: `${from}ADD dir /to/\n`,
  },
  {
    name: 'copies a compressed file that is no tar',
    files: [file('a.gz', Buffer.from('1f8b080000000000000303cb48cdc9c957c840a200b5e7a70a0d000000', 'hex'))],
    dockerfile: `${from}ADD a.gz /to/\n`,
  },
  {
    name: 'copies a file that is cut off within the first block of a tar',
    files: [file('a.tar', 'top/file\0\0\0')],
    dockerfile: `${from}ADD a.tar /to/\n`,
  },
  {
    name: 'unpacks into the directory that a destination without a slash names',
    files: [archive('a.tar', entries)],
    dockerfile: `${from}ADD a.tar /made/here\n`,
  },
  {
    name: 'unpacks into a directory that is there and keeps what is in it',
    files: [
      archive('a.tar', [
        { name: 'etc/', type: 'directory', mode: 0o700 },
        { name: 'etc/passwd', content: 'new' },
      ]),
    ],
    dockerfile: `${from}ADD a.tar /\n`,
  },
  {
    name: 'unpacks over what is there of another type',
    files: [
      archive('a.tar', [
        { name: 'x', content: 'file' },
        { name: 'y', type: 'symlink', linkname: 'x', mode: 0o777 },
      ]),
    ],
    dockerfile: `${from}RUN mkdir /to && ln -s /etc/passwd /to/x && echo y > /to/y\nADD a.tar /to/\n`,
  },
  {
    name: 'unpacks a file over a directory and a directory over a file',
    files: [
      archive('a.tar', [
        { name: 'x', content: 'file' },
        { name: 'y/', type: 'directory', mode: 0o700 },
        { name: 'y/in', content: 'in' },
        { name: 'z/', type: 'directory', mode: 0o700 },
      ]),
    ],
    dockerfile: `${from}RUN mkdir -p /to/x/sub /target && echo x > /to/x/sub/file && echo y > /to/y && ln -s /target /to/z\nADD a.tar /to/\n`,
  },
  {
    name: 'unpacks links over directories',
    files: [
      archive('a.tar', [
        { name: 'file', content: 'file' },
        { name: 'hard', type: 'link', linkname: 'file' },
        { name: 'soft', type: 'symlink', linkname: 'file', mode: 0o777 },
      ]),
    ],
    dockerfile: `${from}RUN mkdir -p /to/hard/sub /to/soft/sub\nADD a.tar /to/\n`,
  },
  {
    name: 'unpacks through links of the archive and of the root as if the destination were the root',
    files: [
      archive('a.tar', [
        { name: 'up', type: 'symlink', linkname: '..', mode: 0o777 },
        { name: 'up/etc/one', content: '1' },
        { name: 'there', type: 'symlink', linkname: '/etc', mode: 0o777 },
        { name: 'there/two', content: '2' },
        { name: 'own/three', content: '3' },
      ]),
    ],
    dockerfile: `${from}RUN mkdir -p /to/etc && ln -s /etc /to/own\nADD a.tar /to/\n`,
  },
  {
    name: 'makes what a global header of an archive would lie in',
    files: [
      file(
        'a.tar',
        tarOf(
          { name: 'made/global', type: 'g', content: paxRecord('comment', 'for all') },
          { name: 'file', content: 'f' },
        ),
      ),
    ],
    dockerfile: `${from}ADD a.tar /to/\n`,
  },
  {
    name: 'gives what it unpacks to an owner',
    files: [archive('a.tar', entries)],
    dockerfile: `${from}ADD --chown=user:staff a.tar /to\n`,
    differs: {
      why: 'ADD --chown gives what it unpacks to that owner, too; buildah leaves the owners of the archive.',
      ours: Object.fromEntries(
        ['', '/file', '/hard', '/link', '/setuid'].map((name) => [`tree /to/top${name} owner`, '1000:50']),
      ),
      open: ['history 5 created_by'],
    },
  },
  {
    name: 'unpacks several archives of one instruction',
    files: [
      archive('a.tar', [{ name: 'a', content: 'a' }]),
      archive('b.tgz', [{ name: 'b', content: 'b' }], 'gzip'),
      file('c', 'c'),
    ],
    dockerfile: `${from}ADD a.tar b.tgz c /to/\n`,
  },
  {
    name: 'unpacks what a pattern finds',
    files: [archive('a.tar', [{ name: 'a', content: 'a' }]), archive('b.tar', [{ name: 'b', content: 'b' }])],
    dockerfile: `${from}ADD *.tar /to/\n`,
  },
  {
    name: 'unpacks extended attributes',
    files: [
      archive('a.tar', [
        { name: 'noted', content: 'n', pax: { 'SCHILY.xattr.user.note': 'from the archive' } },
      ]),
    ],
    dockerfile: `${from}ADD a.tar /to\n`,
  },
  {
    name: 'unpacks long names and times in parts of a second',
    files: [
      archive('a.tar', [
        { name: `${'long/'.repeat(40)}name`, content: 'n', pax: { mtime: '1600000000.25' } },
      ]),
    ],
    dockerfile: `${from}ADD a.tar /to\n`,
  },
  {
    name: 'makes parents that an archive leaves out',
    files: [archive('a.tar', [{ name: 'missing/parent/file', content: 'f' }])],
    dockerfile: `${from}ADD a.tar /to\n`,
  },
  {
    name: 'fetches a file to a name',
    web: {
      '/dir/file.txt': { content: 'fetched', headers: { 'last-modified': 'Tue, 05 Jan 2021 06:07:08 GMT' } },
    },
    dockerfile: `${from}ADD WEB/dir/file.txt /fetched\n`,
  },
  {
    name: 'fetches a file into a directory by its own name',
    web: {
      '/dir/file.txt': { content: 'fetched', headers: { 'last-modified': 'Tue, 05 Jan 2021 06:07:08 GMT' } },
    },
    dockerfile: `${from}ADD WEB/dir/file.txt?query=1 /to/\n`,
  },
  {
    name: 'fetches a file without a time',
    web: { '/file': { content: 'fetched' } },
    dockerfile: `${from}ADD WEB/file /to/\n`,
  },
  {
    name: 'takes files of the context and fetched ones in the order in which they are written',
    files: [file('a', 'a'), file('dir/same', 'of the context'), file('z', 'z')],
    web: { '/same': { content: 'fetched' }, '/m': { content: 'm' } },
    dockerfile: `${from}ADD a dir/same WEB/same WEB/m z /to/\n`,
  },
  {
    name: 'fetches and does not unpack',
    web: {
      '/a.tar': {
        content: Buffer.alloc(10_240),
        headers: { 'last-modified': 'Tue, 05 Jan 2021 06:07:08 GMT' },
      },
    },
    dockerfile: `${from}ADD WEB/a.tar /to/\n`,
  },
  {
    name: 'follows a redirect',
    web: {
      '/moved': { content: '', status: 302, headers: { location: '/here' } },
      '/here': { content: 'here', headers: { 'last-modified': 'Tue, 05 Jan 2021 06:07:08 GMT' } },
    },
    dockerfile: `${from}ADD WEB/moved /to/\n`,
  },
  {
    name: 'fails for what a server does not have',
    web: { '/there': { content: '' } },
    dockerfile: `${from}ADD WEB/missing /to/\n`,
    fails: /missing/,
  },
  {
    name: 'owns what it fetches as told, with the mode that is told',
    web: { '/file': { content: 'fetched', headers: { 'last-modified': 'Tue, 05 Jan 2021 06:07:08 GMT' } } },
    dockerfile: `${from}ADD --chown=user --chmod=755 WEB/file /to/\n`,
  },
  {
    name: 'checks the sum of what it fetches',
    web: { '/file': { content: 'fetched', headers: { 'last-modified': 'Tue, 05 Jan 2021 06:07:08 GMT' } } },
    dockerfile: `${from}ADD --checksum=sha256:f2d8f53a8ec1d42fa7de1a5d5c2b9b3b4b5eb8d6ff3a4b3f1d8b9c3e5c0d2a11 WEB/file /to/\n`,
    fails: /checksum|digest/i,
  },
  {
    name: 'takes an archive and a file and a directory in one instruction',
    files: [archive('a.tar', entries), file('b', 'b'), directory('dir'), file('dir/c', 'c')],
    dockerfile: `${from}ADD a.tar b dir /to/\n`,
  },
];
