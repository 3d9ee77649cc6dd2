// Ignore files (build.md, Ignore files).
import { directory, file, symlink, type ConformanceCase, type ContextEntry } from '../conformance-case.js';

const dockerfile = 'FROM localhost/base/busybox\nCOPY . /to/\n';

const tree: readonly ContextEntry[] = [
  file('a.txt', 'a'),
  file('b.log', 'b'),
  file('.hidden', 'h'),
  directory('dir', { mode: 0o711 }),
  file('dir/c.txt', 'c'),
  file('dir/d.log', 'd'),
  file('dir/deep/e.log', 'e'),
  file('dir/deep/f.txt', 'f'),
  symlink('link', 'a.txt'),
  directory('empty'),
];

const ignoring = (name: string, patterns: string, more: Partial<ConformanceCase> = {}): ConformanceCase => ({
  name,
  files: [...tree, file('.dockerignore', patterns)],
  dockerfile,
  ...more,
});

export const ignoreCases: readonly ConformanceCase[] = [
  ignoring('matches at the top only', '*.log\n'),
  ignoring('matches at any depth with two stars', '**/*.log\n'),
  ignoring('matches two stars in the middle', 'dir/**/f.txt\n'),
  ignoring('leaves out a directory with all that is in it', 'dir\n'),
  ignoring('drops slashes at both ends', '/dir/\n/a.txt\n'),
  ignoring('trims blanks, skips comments and blank lines', '  a.txt  \n# b.log\n\n\tb.log\n'),
  ignoring('takes # behind a blank for a part of the name', '#a.txt\n  #b\n/#c\n', {
    files: [...tree, file('#b'), file('#c'), file('.dockerignore', '#a.txt\n  #b\n/#c\n')],
  }),
  ignoring('skips a byte-order mark', '\ufeffa.txt\n'),
  ignoring('cleans a pattern behind a byte-order mark', '\ufeff./a.txt\n', {
    differs: {
      why: 'The pattern behind a byte-order mark is cleaned like others; buildah cleans it with the mark and finds nothing.',
      ours: { 'tree /to/a.txt': undefined },
      open: ['history 5 created_by'],
    },
  }),
  ignoring('takes back what was left out', '*\n!a.txt\n!dir/c.txt\n'),
  ignoring('takes back within a directory that is left out', 'dir\n!dir/deep/f.txt\n'),
  ignoring('has the last line that matches win', '!a.txt\n*.txt\ndir\n!dir\ndir/c.txt\n'),
  ignoring('takes back at any depth where it looks', '**/*.*\n!**/*.txt\n'),
  ignoring('does not look for what is taken back at any depth', '**\n!**/*.txt\n'),
  ignoring('fails for a directory that it does not look into', 'dir\n!*/c.txt\n', {
    dockerfile: 'FROM localhost/base/busybox\nCOPY dir /to/\n',
    fails: /dir/,
  }),
  ignoring('fails for a directory of which nothing was taken back', '**\n!dir/missing\n', {
    dockerfile: 'FROM localhost/base/busybox\nCOPY dir /to/\n',
    fails: /dir.*filtered out/,
  }),
  ignoring('takes back some of a directory that is a source', '**\n!dir/deep/f.txt\n', {
    dockerfile: 'FROM localhost/base/busybox\nCOPY dir /to/\n',
  }),
  ignoring('copies a directory that is taken back empty', '**\n!dir/deep\ndir/deep/*\n', {
    dockerfile: 'FROM localhost/base/busybox\nCOPY dir /to/\n',
  }),
  ignoring('leaves out names that begin with a dot only when they match', '.*\n'),
  ignoring('leaves out the Dockerfile and itself', 'Dockerfile\n.dockerignore\n'),
  ignoring('cleans patterns', './dir/../a.txt\ndir/./c.txt\n'),
  ignoring('takes classes and question marks', '[ab].???\n'),
  ignoring('takes an escaped character', '\\[x\\].txt\n', {
    files: [...tree, file('[x].txt'), file('x.txt'), file('.dockerignore', '\\[x\\].txt\n')],
  }),
  ignoring('leaves out a link, not what it leads to', 'link\n'),
  ignoring('leaves nothing out for a pattern that climbs out', '../*\n'),
  ignoring('fails for a source that was left out and says so', '*.log\n', {
    dockerfile: 'FROM localhost/base/busybox\nCOPY b.log /to/\n',
    fails: /b\.log/,
  }),
  ignoring('fails for a pattern of which all was left out', '*.log\n', {
    dockerfile: 'FROM localhost/base/busybox\nCOPY *.log a.txt /to/\n',
    fails: /\*\.log/,
  }),
  ignoring('does not hold for other stages', '*.txt\n**/*.txt\n', {
    dockerfile:
      'FROM localhost/base/busybox AS one\nRUN mkdir /x && echo a > /x/a.txt\nFROM localhost/base/busybox\nCOPY --from=one /x /to/\n',
  }),
  ignoring('holds for one directory as a source', '*/deep\ndir/*.log\n', {
    dockerfile: 'FROM localhost/base/busybox\nCOPY dir /to/\n',
  }),
  {
    name: 'prefers .containerignore',
    files: [...tree, file('.dockerignore', 'a.txt\n'), file('.containerignore', 'b.log\n')],
    dockerfile,
  },
  {
    name: 'prefers the file beside the Dockerfile',
    files: [...tree, file('.dockerignore', 'a.txt\n'), file('Dockerfile.dockerignore', 'b.log\n')],
    dockerfile,
  },
  {
    name: 'takes the ignore file of the call',
    files: [...tree, file('.dockerignore', 'a.txt\n'), file('other', 'b.log\n')],
    dockerfile,
    options: ['--ignorefile', 'CONTEXT/other'],
  },
];
