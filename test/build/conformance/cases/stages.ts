// FROM, stages and targets (build.md, Stages and target).
import { file, type ConformanceCase } from '../conformance-case.js';

const base = 'localhost/base/busybox';

export const stageCases: readonly ConformanceCase[] = [
  {
    name: 'begins a stage with an earlier one',
    dockerfile: `FROM ${base} AS one\nENV A=1\nRUN echo one > /one\nFROM one AS two\nRUN echo two > /two\n`,
  },
  {
    name: 'begins a stage with an earlier one by number',
    dockerfile: `FROM ${base}\nRUN echo one > /one\nFROM 0\nRUN echo two > /two\n`,
  },
  {
    name: 'compares names of stages without case',
    dockerfile: `FROM ${base} AS First\nRUN echo one > /one\nFROM ${base}\nCOPY --from=First /one /two\n`,
  },
  {
    name: 'finds a stage whose name is written otherwise',
    dockerfile: `FROM ${base} AS First\nRUN echo one > /one\nFROM ${base}\nCOPY --from=fIRST /one /two\n`,
    differs: {
      why: 'Names of stages are compared without case, as BuildKit does; buildah 1.28 wants them as they are written.',
      instead: {
        dockerfile: `FROM ${base} AS First\nRUN echo one > /one\nFROM ${base}\nCOPY --from=First /one /two\n`,
      },
    },
  },
  {
    name: 'builds the last stage unless told otherwise',
    dockerfile: `FROM ${base} AS one\nENV A=one\nFROM ${base} AS two\nENV A=two\n`,
  },
  {
    name: 'builds the target',
    dockerfile: `FROM ${base} AS one\nENV A=one\nFROM ${base} AS two\nENV A=two\n`,
    options: ['--target', 'one'],
  },
  {
    name: 'builds a target by number',
    dockerfile: `FROM ${base}\nENV A=one\nFROM ${base}\nENV A=two\n`,
    options: ['--target', '0'],
  },
  {
    name: 'fails for a target that there is not',
    dockerfile: `FROM ${base} AS one\n`,
    options: ['--target', 'nothing'],
    fails: /nothing/,
  },
  {
    name: 'takes the last of several stages of one name',
    dockerfile: `FROM ${base} AS twice\nENV A=first\nFROM ${base} AS twice\nENV A=second\nFROM twice\n`,
    differs: {
      why: 'Of several stages of one name the last one counts, as in BuildKit; in buildah 1.28 it is the one that ends last.',
      instead: {
        dockerfile: `FROM ${base} AS once\nENV A=first\nFROM ${base} AS twice\nENV A=second\nFROM twice\n`,
      },
    },
  },
  {
    name: 'does not run stages that the target does not need',
    dockerfile: `FROM ${base} AS broken\nRUN false\nFROM ${base}\nENV A=1\n`,
    differs: {
      why: 'Stages that the target does not need are not run; buildah 1.28 runs them all.',
      instead: { dockerfile: `FROM ${base}\nENV A=1\n` },
    },
  },
  {
    name: 'copies between three stages',
    dockerfile: `FROM ${base} AS a\nRUN echo a > /a\nFROM ${base} AS b\nCOPY --from=a /a /a\nRUN echo b > /b\nFROM scratch\nCOPY --from=b /a /b /\nCOPY --from=a /a /again\n`,
  },
  {
    name: 'begins with an image of several layers',
    dockerfile: 'FROM localhost/base/layers\nRUN echo three > /three && rm /two\n',
  },
  {
    name: 'adds nothing to its base',
    dockerfile: 'FROM localhost/base/layers\n',
  },
  {
    name: 'adds nothing to a base of another format',
    dockerfile: 'FROM localhost/base/busybox\n',
  },
  {
    name: 'makes an empty image',
    dockerfile: 'FROM scratch\n',
  },
  {
    name: 'copies a file to scratch',
    files: [file('a', 'a')],
    dockerfile: 'FROM scratch\nCOPY a /\n',
  },
  {
    name: 'fails for an image that is nowhere',
    dockerfile: 'FROM localhost/no/such:image\n',
    options: ['--pull-never'],
    fails: /no\/such/,
  },
  {
    name: 'takes the image by its digits',
    dockerfile: `ARG BASE=${base}:latest\nFROM $BASE\nENV A=1\n`,
  },
  {
    name: 'takes a platform',
    dockerfile: `FROM --platform=linux/amd64 ${base}\nENV A=1\n`,
  },
  {
    name: 'takes the platform of the build',
    dockerfile: `FROM --platform=$BUILDPLATFORM ${base}\nENV A=1\n`,
  },
  {
    name: 'refuses a second name',
    dockerfile: `FROM ${base} AS one two\n`,
    fails: /FROM/,
  },
  {
    name: 'takes ENV of a stage to the next one',
    dockerfile: `FROM ${base} AS one\nENV DIR=/srv\nWORKDIR $DIR\nFROM one\nRUN pwd > /pwd; echo $DIR >> /pwd\n`,
  },
  {
    name: 'inherits CMD, USER and LABEL of a stage',
    dockerfile: `FROM ${base} AS one\nUSER user\nCMD ["one"]\nLABEL one=1\nFROM one\nLABEL two=2\n`,
  },
];
