// COPY: its flags (build.md, Instructions).
import { directory, file, hardLink, symlink, type ConformanceCase } from '../conformance-case.js';

const from = 'FROM localhost/base/busybox\n';

const newer = 'buildah 1.28 does not know the flag.';

export const copyFlagCases: readonly ConformanceCase[] = [
  {
    name: 'gives what is copied to a user by name, with its primary group',
    files: [file('dir/a', 'a'), directory('dir/sub'), symlink('dir/link', 'a')],
    dockerfile: `${from}COPY --chown=other dir /to\n`,
  },
  {
    name: 'gives what is copied to a user and a group by name',
    files: [file('a', 'a')],
    dockerfile: `${from}COPY --chown=user:staff a /a\n`,
  },
  {
    name: 'gives what is copied to numbers, the group as the user where none is given',
    files: [file('a', 'a')],
    dockerfile: `${from}COPY --chown=4711 a /a\nCOPY --chown=4711:12 a /b\nCOPY --chown=1001 a /c\n`,
  },
  {
    name: 'gives missing parents to the owner, too',
    files: [file('a', 'a')],
    dockerfile: `${from}COPY --chown=user:user a /made/by/copy/a\n`,
  },
  {
    name: 'leaves the owner of directories that are there',
    files: [file('dir/tmp/x', 'x')],
    dockerfile: `${from}COPY --chown=user dir /\n`,
  },
  {
    name: 'fails for a user that the image does not know',
    files: [file('a', 'a')],
    dockerfile: `${from}COPY --chown=nobody-here a /a\n`,
    fails: /nobody-here/,
  },
  {
    name: 'fails for a group that the image does not know',
    files: [file('a', 'a')],
    dockerfile: `${from}COPY --chown=user:nogroup-here a /a\n`,
    fails: /nogroup-here/,
  },
  {
    name: 'finds users in the passwd of the image as it is by then',
    files: [file('a', 'a')],
    dockerfile: `${from}RUN echo 'late:x:77:78::/:/bin/sh' >> /etc/passwd\nCOPY --chown=late a /a\n`,
  },
  {
    name: 'takes variables in the owner',
    files: [file('a', 'a')],
    dockerfile: `${from}ARG OWNER=user\nENV GROUP=staff\nCOPY --chown=$OWNER:\${GROUP} a /a\n`,
  },
  {
    name: 'sets an octal mode on files and directories',
    files: [file('dir/a', 'a', { mode: 0o600 }), directory('dir/sub', { mode: 0o755 })],
    dockerfile: `${from}COPY --chmod=0640 dir /to/\nCOPY --chmod=755 dir/a /single\n`,
  },
  {
    name: 'sets a mode with special bits',
    files: [file('a', 'a')],
    dockerfile: `${from}COPY --chmod=4755 a /a\n`,
  },
  {
    name: 'does not set a mode on what links lead to',
    files: [symlink('dir/link', '/etc/passwd'), file('dir/a', 'a')],
    dockerfile: `${from}COPY --chmod=600 dir /to/\n`,
  },
  {
    name: 'refuses a mode that is none',
    files: [file('a', 'a')],
    dockerfile: `${from}COPY --chmod=rubbish a /a\n`,
    fails: /rubbish/,
  },
  {
    name: 'sets a symbolic mode',
    files: [file('a', 'a', { mode: 0o640 })],
    dockerfile: `${from}COPY --chmod=u+x,go-r a /a\n`,
    differs: {
      why: 'COPY and ADD --chmod takes symbolic modes, as newer builders do.',
      instead: { dockerfile: `${from}COPY --chmod=0700 a /a\n` },
    },
  },
  {
    name: 'takes owner and mode in one instruction',
    files: [file('a', 'a')],
    dockerfile: `${from}COPY --chown=user --chmod=0400 a /a\n`,
  },
  {
    name: 'copies from an earlier stage by name',
    dockerfile: `${from.trim()} AS first\nRUN echo made > /made && chmod 604 /made && chown 12:13 /made\n${from}COPY --from=first /made /copied\n`,
  },
  {
    name: 'copies from an earlier stage by number',
    dockerfile: `${from}RUN mkdir /out && echo a > /out/a && touch -d '2019-05-06 07:08:09' /out/a\n${from}COPY --from=0 /out /in\n`,
  },
  {
    name: 'copies from an image',
    dockerfile: `FROM scratch\nCOPY --from=localhost/base/layers /two /etc/passwd /from/\n`,
  },
  {
    name: 'copies a root of another stage as a whole',
    files: [file('a', 'a', { mode: 0o640 })],
    dockerfile: `FROM scratch AS first\nCOPY a /dir/a\nFROM scratch\nCOPY --from=first / /\n`,
  },
  {
    name: 'takes sources of a stage from its root, whatever its work directory is',
    dockerfile: `${from.trim()} AS first\nWORKDIR /srv\nRUN echo root > /x && echo srv > /srv/x\n${from}COPY --from=first x /x\n`,
  },
  {
    name: 'does not let links lead out of another stage',
    dockerfile: `${from.trim()} AS first\nRUN ln -s ../../../../../../../etc/passwd /out && mkdir /dir && ln -s / /dir/root\n${from}COPY --from=first /out /passwd\nCOPY --from=first /dir/root/etc/group /group\n`,
  },
  {
    name: 'copies devices and fifos of a stage',
    dockerfile: `${from.trim()} AS first\nRUN mkdir /special && mkfifo -m 640 /special/fifo && echo x > /special/file\n${from}COPY --from=first /special /special\n`,
  },
  {
    name: 'keeps hard links of a stage',
    dockerfile: `${from.trim()} AS first\nRUN mkdir /linked && echo x > /linked/a && ln /linked/a /linked/b\n${from}COPY --from=first /linked /linked\n`,
  },
  {
    name: 'keeps the capabilities of a file of a stage',
    files: [
      file('cap', 'cap', {
        mode: 0o755,
        xattrs: {
          'security.capability':
            '\u0001\u0000\u0000\u0002\u0000\u0004\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000',
        },
      }),
    ],
    dockerfile: `${from.trim()} AS first\nCOPY cap /cap\n${from}COPY --from=first /cap /cap\n`,
  },
  {
    name: 'owns what comes from a stage by root, unless told otherwise',
    dockerfile: `${from.trim()} AS first\nRUN echo a > /a && chown 1000:1000 /a\n${from}COPY --from=first /a /a\nCOPY --from=first --chown=1:2 /a /b\n`,
  },
  {
    name: 'applies patterns to the files of a stage',
    dockerfile: `${from.trim()} AS first\nRUN mkdir /d && touch /d/a.x /d/b.x /d/c.y\n${from}COPY --from=first /d/*.x /to/\n`,
  },
  {
    name: 'fails for what a stage does not have',
    dockerfile: `${from.trim()} AS first\n${from}COPY --from=first /missing /a\n`,
    fails: /missing/,
  },
  {
    name: 'fails before it runs anything for a stage that there is not',
    dockerfile: `${from}RUN echo ran-too-early\nCOPY --from=9 /a /a\n`,
    fails: /^(?!.*\nran-too-early)[^]*9/,
  },
  {
    name: 'refuses to copy from the stage itself',
    dockerfile: `${from.trim()} AS self\nCOPY --from=self /etc/passwd /a\n`,
    fails: /self/,
  },
  {
    name: 'leaves out what --exclude names',
    files: [
      file('dir/a.txt', 'a'),
      file('dir/b.log', 'b'),
      file('dir/sub/c.log', 'c'),
      file('dir/sub/d.txt', 'd'),
    ],
    dockerfile: `${from}COPY --exclude=**/*.log dir /to/\n`,
    differs: {
      why: newer,
      instead: {
        dockerfile: `${from}COPY dir /to/\n`,
        files: [
          file('.dockerignore', '**/*.log'),
          file('dir/a.txt', 'a'),
          file('dir/b.log', 'b'),
          file('dir/sub/c.log', 'c'),
          file('dir/sub/d.txt', 'd'),
        ],
      },
    },
  },
  {
    name: 'keeps the parents of sources with --parents',
    files: [file('x/y/a', 'a'), file('x/z/b', 'b')],
    dockerfile: `${from}COPY --parents x/y/a x/z /to/\n`,
    differs: {
      why: newer,
      instead: { dockerfile: `${from}COPY x/y/a /to/x/y/\nCOPY x/z /to/x/z/\n` },
      ours: Object.fromEntries(
        ['', '/y', '/z'].map((path) => [`tree /to/x${path} mtime`, '1577836800000000000']),
      ),
      open: ['history', 'layers'],
    },
  },
  {
    name: 'makes the same files with --link',
    files: [file('dir/a', 'a'), hardLink('dir/b', 'dir/a')],
    dockerfile: `${from}COPY --link dir /to/\n`,
    differs: {
      why: newer,
      instead: { dockerfile: `${from}COPY dir /to/\n` },
      ours: { 'tree /to/a same': '/to/a', 'tree /to/b same': '/to/a' },
    },
  },
  {
    name: 'refuses a flag it does not know',
    files: [file('a', 'a')],
    dockerfile: `${from}COPY --unknown=1 a /a\n`,
    fails: /unknown/,
  },
];
