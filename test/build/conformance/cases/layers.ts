// Layers, history and squashing (build.md, Layers, history and cache).
import { file, hardLink, type ConformanceCase } from '../conformance-case.js';

const from = 'FROM localhost/base/busybox\n';
const many = `${from}ENV A=1\nRUN echo one > /one\nLABEL l=1\nCOPY a /a\nRUN rm /one && echo two > /two\nCMD ["x"]\n`;
/** Where it makes a layer for each step, buildah 1.28 forgets the history of those it squashes. */
const single = [
  { layers: false, format: 'docker' },
  { layers: false, format: 'oci' },
] as const;

const all = [
  { layers: true, format: 'docker' },
  { layers: false, format: 'docker' },
  { layers: true, format: 'oci' },
  { layers: false, format: 'oci' },
] as const;

export const layerCases: readonly ConformanceCase[] = [
  {
    name: 'makes a layer for each step or one for all',
    files: [file('a', 'a')],
    dockerfile: many,
    variants: all,
  },
  {
    name: 'ends with a step that has no layer',
    files: [file('a', 'a')],
    dockerfile: `${from}COPY a /a\nENV A=1\n`,
    variants: all,
  },
  {
    name: 'has configuration only',
    dockerfile: `${from}ENV A=1\nLABEL b=2\nCMD ["x"]\n`,
    variants: all,
  },
  {
    name: 'makes a layer that only removes',
    dockerfile: `${from}RUN rm -r /home /etc/group\n`,
    variants: all,
  },
  {
    name: 'makes one layer of all with --squash',
    files: [file('a', 'a')],
    dockerfile: many,
    options: ['--squash'],
    variants: single,
  },
  {
    name: 'squashes an image of several layers',
    dockerfile: 'FROM localhost/base/layers\nRUN rm /two\n',
    options: ['--squash'],
    variants: single,
  },
  {
    name: 'squashes with hard links and removed files',
    files: [file('d/a', 'a'), hardLink('d/b', 'd/a')],
    dockerfile: `${from}RUN echo x > /x && ln /x /y && rm /etc/group\n`,
    options: ['--squash'],
    variants: single,
  },
  {
    name: 'writes COPY of a file, a directory and several into the history',
    files: [file('a', 'a'), file('d/b', 'b')],
    dockerfile: `${from}COPY a /x\nCOPY d /y/\nCOPY a d /z/\nADD a /w\n`,
  },
  {
    name: 'has the same digest for other times and another one for another mode',
    files: [file('a', 'a', { mtime: 5 }), file('b', 'a', { mtime: 6 }), file('c', 'a', { mode: 0o600 })],
    dockerfile: `${from}COPY a /a\nCOPY b /a\nCOPY c /a\n`,
  },
  {
    name: 'writes flags of COPY into the history',
    files: [file('a', 'a')],
    dockerfile: `${from}COPY --chown=user --chmod=600 a /a\n`,
  },
  {
    name: 'writes COPY from a stage into the history',
    dockerfile: `${from.trim()} AS one\nRUN echo a > /a && touch -d '2020-01-02 03:04:05' /a\n${from}COPY --from=one /a /a\n`,
    variants: all,
  },
  {
    name: 'writes RUN in exec form into the history',
    dockerfile: `${from}RUN ["echo", "a b", "c"]\n`,
  },
  {
    name: 'writes arguments into the history in the order of the pairs',
    dockerfile: 'FROM localhost/base/busybox\nARG A=\nARG A1=1\nARG B=\nRUN echo "$A$A1$B" > /args\n',
  },
  {
    name: 'writes RUN with its arguments into the history',
    dockerfile: `${from}ARG Z=1\nARG A\nENV E=2\nRUN echo $Z$A\nRUN ["echo", "x"]\n`,
    options: ['--build-arg', 'A=a b'],
  },
  {
    name: 'writes continued lines into the history',
    dockerfile: `${from}RUN echo   one \\\n    two   three\nENV A=1 \\\n    B=2\n`,
  },
  {
    name: 'writes all kinds of instructions into the history',
    dockerfile: `${from}ENV A  b\nLABEL x=y\nEXPOSE 80\nVOLUME ["/v"]\nUSER user\nWORKDIR /w\nENTRYPOINT ["e"]\nCMD c d\nSTOPSIGNAL 9\nMAINTAINER m\nARG Q=1\n`,
    variants: [
      { layers: true, format: 'docker' },
      { layers: false, format: 'docker' },
    ],
  },
  {
    name: 'writes substituted values into the history',
    files: [file('f1', 'x')],
    dockerfile: `${from}ARG V=1\nENV N=v$V\nLABEL l=$N\nCOPY f$V /$N\nWORKDIR /w$V\nUSER $V\nEXPOSE 8$V\nVOLUME /$V\n`,
    differs: {
      why: 'VOLUME makes no directories; buildah makes those it mounts in a container of its own.',
      open: ['tree /1'],
    },
  },
  {
    name: 'keeps the history of its base',
    dockerfile: 'FROM localhost/base/full\nENV OWN=1\n',
    variants: all,
    differs: {
      why: 'WORKDIR makes its directory and those above it; buildah 1.28 makes the last one, when a step needs it or the whole stage is one layer.',
      open: ['tree /srv'],
    },
  },
  {
    name: 'writes all stages that lead to it',
    dockerfile: `FROM localhost/base/busybox AS one\nRUN echo 1 > /1\nFROM one\nRUN echo 2 > /2\nENV X=1\n`,
    variants: all,
  },
];
