// COPY: sources, patterns and destinations (build.md, Instructions).
import { createHash } from 'node:crypto';

import {
  directory,
  file,
  hardLink,
  symlink,
  type ConformanceCase,
  type ContextEntry,
} from '../conformance-case.js';

const from = 'FROM localhost/base/busybox\n';

const found = 'A name that a pattern found is not taken for a pattern again; by buildah it is.';

const inPlace =
  'A file in the place of a directory and a directory in the place of a file are errors; buildah removes what is there.';

function sha256(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}

const tree: readonly ContextEntry[] = [
  file('tree/a.txt', 'a', { mode: 0o600, mtime: 1_500_000_000 }),
  file('tree/b.log', 'b', { mode: 0o755, uid: 1000, gid: 1001 }),
  directory('tree/sub', { mode: 0o750, mtime: 1_400_000_000 }),
  file('tree/sub/c.txt', 'c'),
  symlink('tree/sub/up', '../a.txt'),
  symlink('tree/dangling', 'nowhere'),
  directory('tree/empty', { mode: 0o711 }),
];

const make = (commands: string): string => `${from}RUN ${commands}\n`;

export const copyCases: readonly ConformanceCase[] = [
  {
    name: 'copies a file to a name',
    files: [file('a', 'content of a')],
    dockerfile: `${from}COPY a /b\n`,
  },
  {
    name: 'copies a file into a directory named with a slash',
    files: [file('a', 'a')],
    dockerfile: `${from}COPY a /made/here/\n`,
  },
  {
    name: 'copies a file into a directory that is there, named without a slash',
    files: [file('a', 'a')],
    dockerfile: `${from}COPY a /tmp\n`,
  },
  {
    name: 'copies several files into a directory',
    files: [file('a', 'a'), file('b', 'b'), file('dir/c', 'c')],
    dockerfile: `${from}COPY a b dir/c /to/\n`,
  },
  {
    name: 'refuses several sources for a destination that is no directory',
    files: [file('a', 'a'), file('b', 'b')],
    dockerfile: `${from}COPY a b /etc/passwd\n`,
    fails: /directory/i,
  },
  {
    name: 'copies what is in a directory, not the directory',
    files: tree,
    dockerfile: `${from}COPY tree /to\n`,
  },
  {
    name: 'copies what is in a directory named with a slash',
    files: tree,
    dockerfile: `${from}COPY tree/ /to/\n`,
  },
  {
    name: 'copies the whole context',
    files: tree,
    dockerfile: `${from}COPY . /to\n`,
  },
  {
    name: 'copies a directory and a file side by side',
    files: [...tree, file('alone', 'alone')],
    dockerfile: `${from}COPY tree alone /to/\n`,
  },
  {
    name: 'copies to a destination below the work directory',
    files: [file('a', 'a')],
    dockerfile: `${from}WORKDIR /srv/app\nCOPY a b/\nCOPY a ./c\n`,
  },
  {
    name: 'copies to the work directory itself',
    files: [file('a', 'a')],
    dockerfile: `${from}WORKDIR /srv/app\nCOPY a .\n`,
  },
  {
    name: 'copies into the root',
    files: tree,
    dockerfile: `${from}COPY tree /\n`,
  },
  {
    name: 'keeps mode with all special bits, time and extended attributes',
    files: [
      file('setuid', 'u', { mode: 0o4755 }),
      file('setgid', 'g', { mode: 0o2711, mtime: 1_111_111_111 }),
      directory('sticky', { mode: 0o1777 }),
      file('sticky/x', 'x', { xattrs: { 'user.note': 'from the context' } }),
      file('none', '', { mode: 0 }),
    ],
    dockerfile: `${from}COPY . /to/\n`,
    differs: {
      why: 'COPY and ADD keep set-user-ID and set-group-ID bits of files of the context, as Docker does; buildah takes them away.',
      ours: { 'tree /to/setuid mode': '4755', 'tree /to/setgid mode': '2711' },
      open: ['history 5 created_by'],
    },
  },
  {
    name: 'makes root the owner of all that is copied',
    files: [file('dir/a', 'a', { uid: 1000, gid: 1000 }), directory('dir/d', { uid: 5, gid: 6 })],
    dockerfile: `${from}COPY dir /to\nCOPY dir/a /single\n`,
  },
  {
    name: 'keeps the time of a single file in parts of a second',
    files: [file('a', 'a', { mtime: 1_234_567_890.25 })],
    dockerfile: `${from}COPY a /a\n`,
  },
  {
    name: 'keeps links of a tree as they are',
    files: [
      symlink('dir/absolute', '/etc/passwd'),
      symlink('dir/out', '../../../../etc'),
      symlink('dir/loop', 'loop'),
    ],
    dockerfile: `${from}COPY dir /to\n`,
  },
  {
    name: 'follows a link that is the source itself',
    files: [file('real', 'real', { mode: 0o640 }), symlink('link', 'real')],
    dockerfile: `${from}COPY link /copied\n`,
  },
  {
    name: 'follows a link to a directory that is the source itself',
    files: [...tree, symlink('link', 'tree')],
    dockerfile: `${from}COPY link /to\n`,
  },
  {
    name: 'follows an absolute link inside of the context',
    files: [file('real', 'real'), symlink('link', '/real')],
    dockerfile: `${from}COPY link /copied\n`,
  },
  {
    name: 'follows links in the middle of a source path',
    files: [...tree, symlink('way', 'tree/sub')],
    dockerfile: `${from}COPY way/c.txt /c\n`,
  },
  {
    name: 'does not leave the context through a link to the outside',
    files: [symlink('out', '../../../../../../etc/passwd')],
    dockerfile: `${from}COPY out /copied\n`,
    fails: /out/,
  },
  {
    name: 'takes a source with a slash in front from the context',
    files: [file('a', 'a'), file('dir/b', 'b')],
    dockerfile: `${from}COPY /a /dir/b /to/\n`,
  },
  {
    name: 'never climbs out of the context with dots',
    files: [file('a', 'a')],
    dockerfile: `${from}COPY ../a /b\n`,
  },
  {
    name: 'cleans dots inside of a source',
    files: [file('dir/a', 'a'), file('b', 'b')],
    dockerfile: `${from}COPY dir/../b ./dir/./a /to/\n`,
  },
  {
    name: 'fails for a literal source that is missing',
    files: [file('a', 'a')],
    dockerfile: `${from}COPY a missing /to/\n`,
    fails: /missing/,
  },
  {
    name: 'matches stars within one part of a path only',
    files: [file('a.txt', 'a'), file('b.txt', 'b'), file('c.log', 'c'), file('sub/d.txt', 'd')],
    dockerfile: `${from}COPY *.txt /to/\nCOPY s*/d.* /sub/\n`,
  },
  {
    name: 'matches question marks and classes',
    files: [file('a1', '1'), file('a2', '2'), file('ab', 'b'), file('abc', 'c')],
    dockerfile: `${from}COPY a? /one/\nCOPY a[0-9] /digits/\nCOPY a[^0-9] /others/\n`,
  },
  {
    name: 'takes the contents of directories that a pattern finds',
    files: [file('d1/a', 'a'), file('d2/b', 'b'), file('e/c', 'c')],
    dockerfile: `${from}COPY d* /to/\n`,
  },
  {
    name: 'finds names that begin with a dot',
    files: [file('.hidden', 'h'), file('shown', 's')],
    dockerfile: `${from}COPY * /to/\n`,
  },
  {
    name: 'fails for a pattern that finds nothing',
    files: [file('a', 'a')],
    dockerfile: `${from}COPY *.none /to/\n`,
    fails: /none/,
  },
  {
    name: 'puts what a pattern finds into a directory that is not there yet, named without a slash',
    files: [file('a.txt', 'a'), file('b.txt', 'b')],
    dockerfile: `${from}COPY *.none *.txt /to\n`,
  },
  {
    name: 'refuses several sources for a destination that is not there and has no slash',
    files: [file('a', 'a'), file('b', 'b')],
    dockerfile: `${from}COPY a b /to\n`,
    fails: /more than one source/,
    differs: {
      why: 'Several sources need a destination that is a directory or ends in a slash, as Docker has it; buildah makes the directory.',
      ours: { outcome: 'failed' },
    },
  },
  {
    name: 'skips a pattern that finds nothing when another source is there',
    files: [file('a', 'a')],
    dockerfile: `${from}COPY a *.none /to/\n`,
  },
  {
    name: 'copies names with characters of patterns, escaped',
    files: [file('a[0].txt', 'brackets'), file('a0.txt', 'digit')],
    dockerfile: `${from}COPY a[[]0].txt /to/\n`,
    differs: {
      why: found,
      ours: {
        'tree /to/a0.txt': undefined,
        'tree /to/a[0].txt content': sha256('brackets'),
        'tree /to/a[0].txt mode': '644',
        'tree /to/a[0].txt mtime': '1577836800000000000',
        'tree /to/a[0].txt owner': '0:0',
        'tree /to/a[0].txt size': 8,
        'tree /to/a[0].txt type': 'file',
      },
      open: ['history 5 created_by'],
    },
  },
  {
    name: 'copies a file whose name a pattern found and which looks like a pattern',
    files: [file('x[y]', 'brackets'), file('xy', 'plain')],
    dockerfile: `${from}COPY x* /to/\n`,
    differs: {
      why: found,
      ours: {
        'tree /to/x[y] content': sha256('brackets'),
        'tree /to/x[y] mode': '644',
        'tree /to/x[y] mtime': '1577836800000000000',
        'tree /to/x[y] owner': '0:0',
        'tree /to/x[y] size': 8,
        'tree /to/x[y] type': 'file',
      },
      open: ['history 5 created_by'],
    },
  },
  {
    name: 'copies names with blanks in JSON form',
    files: [file('with blank', 'b'), file('dir two/ü', 'u')],
    dockerfile: `${from}COPY ["with blank", "dir two/ü", "/to here/"]\n`,
  },
  {
    name: 'copies names with quotes in the plain form',
    files: [file('a b', 'ab')],
    dockerfile: `${from}COPY "a b" "/to here/"\n`,
    differs: {
      why: 'Words of COPY and ADD may be quoted, as in other instructions; buildah takes the quotes for part of the name.',
      instead: { dockerfile: `${from}COPY ["a b", "/to here/"]\n` },
    },
  },
  {
    name: 'replaces a file and keeps its directory',
    files: [file('passwd', 'replaced', { mode: 0o600 })],
    dockerfile: `${from}COPY passwd /etc/passwd\n`,
  },
  {
    name: 'lays a tree over a tree',
    files: [
      directory('new/etc', { mode: 0o700, mtime: 1_450_000_000 }),
      file('new/etc/passwd', 'new'),
      file('new/etc/added', 'added'),
    ],
    dockerfile: `${from}COPY new /\n`,
  },
  {
    name: 'keeps mode and owner of a directory that is the destination',
    files: [directory('src', { mode: 0o700 }), file('src/a', 'a')],
    dockerfile: `${make('mkdir -m 751 /to && chown 7:8 /to')}COPY src /to\n`,
  },
  {
    name: 'refuses to put a directory of a tree in the place of a file',
    files: [file('dir/tmp/x', 'x')],
    dockerfile: `${make('rm -rf /tmp && echo file > /tmp')}COPY dir /\n`,
    fails: /tmp/,
    differs: { why: inPlace, ours: { outcome: 'failed' } },
  },
  {
    name: 'refuses to put a file of a tree in the place of a directory',
    files: [file('dir/tmp', 'x')],
    dockerfile: `${make('echo file > /tmp/file')}COPY dir /\n`,
    fails: /tmp/,
    differs: { why: inPlace, ours: { outcome: 'failed' } },
  },
  {
    name: 'refuses to copy the contents of a directory to a file',
    files: [file('dir/x', 'x')],
    dockerfile: `${make('echo file > /file')}COPY dir /file\n`,
    fails: /file/,
  },
  {
    name: 'replaces a link at the end of a destination inside of a tree',
    files: [file('dir/link', 'now a file')],
    dockerfile: `${make('mkdir /to && ln -s /etc/passwd /to/link')}COPY dir /to\n`,
  },
  {
    name: 'follows a link to a directory in the destination',
    files: [file('a', 'a')],
    dockerfile: `${make('mkdir /real && ln -s /real /link')}COPY a /link/\nCOPY a /link/b\n`,
  },
  {
    name: 'follows a link that climbs above the root in the destination, inside of it',
    files: [file('a', 'a')],
    dockerfile: `${make('mkdir /real && ln -s ../../../../real /link')}COPY a /link/\n`,
  },
  {
    name: 'makes the directory a link in the destination leads to',
    files: [file('a', 'a')],
    dockerfile: `${make('ln -s /not/yet /link')}COPY a /link/\n`,
  },
  {
    name: 'copies the same file twice under one instruction',
    files: [file('a', 'a')],
    dockerfile: `${from}COPY a a /to/\n`,
  },
  {
    name: 'keeps hard links of files that one instruction copies',
    files: [file('dir/a', 'linked'), hardLink('dir/b', 'dir/a'), file('dir/c', 'alone')],
    dockerfile: `${from}COPY dir /to\n`,
  },
  {
    name: 'keeps hard links of files that are sources each',
    files: [file('dir/a', 'linked'), hardLink('dir/b', 'dir/a')],
    dockerfile: `${from}COPY dir/a dir/b /to/\n`,
    differs: {
      why: 'Names of one file that one instruction copies stay names of one file; for buildah only those of one directory.',
      ours: { 'tree /to/a same': '/to/a', 'tree /to/b same': '/to/a' },
    },
  },
  {
    name: 'keeps a time far in the past and one in the future',
    files: [file('dir/old', 'old', { mtime: 1 }), file('dir/new', 'new', { mtime: 4_000_000_000 })],
    dockerfile: `${from}COPY dir /to\n`,
  },
  {
    name: 'copies an empty directory',
    files: [directory('empty', { mode: 0o711 })],
    dockerfile: `${from}COPY empty /to/\n`,
  },
  {
    name: 'copies the Dockerfile like any other file',
    dockerfile: `${from}COPY Dockerfile /\n`,
  },
  {
    name: 'copies a large file whole',
    files: [file('large', Buffer.alloc(3_000_001, 'pattern '))],
    dockerfile: `${from}COPY large /\n`,
  },
  {
    name: 'copies a deep tree with long names',
    files: [file(`${'deep/'.repeat(30)}${'n'.repeat(200)}`, 'deep')],
    dockerfile: `${from}COPY deep /deep\n`,
  },
  {
    name: 'copies over what the layer below has of another type at the end of a path',
    files: [file('dir/x', 'file')],
    dockerfile: `${make('mkdir /to && mkfifo /to/x')}COPY dir /to\n`,
  },
  {
    name: 'takes variables of ARG and ENV in sources and destinations',
    files: [file('a-1', 'a1'), file('b', 'b')],
    dockerfile: `${from}ARG version=1\nENV TARGET=/there\nCOPY a-\${version} $TARGET/\nCOPY b "\${TARGET}/c"\n`,
  },
  {
    name: 'needs a source and a destination',
    dockerfile: `${from}COPY a\n`,
    fails: /COPY requires/i,
  },
];
