// How a Dockerfile is read (build.md, Reading the file).
import { file, type ConformanceCase } from '../conformance-case.js';

const from = 'FROM localhost/base/busybox\n';

const heredocs = 'Here-documents are newer than buildah 1.28.';

export const readingCases: readonly ConformanceCase[] = [
  {
    name: 'takes instructions in any case',
    dockerfile: 'from localhost/base/busybox\nenv A=1\nRuN echo $A > /a\n',
  },
  { name: 'drops a byte-order mark', dockerfile: `\uFEFF${from}ENV A=1\n` },
  {
    name: 'ends lines at carriage return and line feed',
    dockerfile: 'FROM localhost/base/busybox\r\nENV A=1 \\\r\n  B=2\r\nRUN echo "$A$B" > /a\r\n',
  },
  { name: 'reads a file without a last line feed', dockerfile: `${from}ENV A=1` },
  { name: 'joins continued lines', dockerfile: `${from}RUN echo one \\\n  two \\\n  three > /a\n` },
  {
    name: 'drops comments and blank lines within continued lines',
    dockerfile: `${from}RUN echo one \\\n# a comment\n  # another one\n\n  two > /a\n`,
  },
  { name: 'takes blanks behind the escape character', dockerfile: `${from}RUN echo one \\  \n  two > /a\n` },
  {
    name: 'takes a hash within a line as text',
    dockerfile: `${from}RUN echo "a # b" > /a # comment for the shell\nENV A=#b\n`,
  },
  { name: 'takes leading blanks', dockerfile: `${from}   ENV A=1\n\tRUN true\n` },
  {
    name: 'takes comments and blank lines before the first FROM',
    dockerfile: `# comment\n\n  # another\n${from}ENV A=1\n`,
  },
  {
    name: 'takes another escape character',
    dockerfile: `# escape=\`\n${from}RUN echo one \`\n  two > /a\nENV P=C:\\dir\\\n`,
    differs: {
      why: 'The escape character of the directive holds for words, too, as Docker has it; for buildah it ends lines only.',
      ours: {
        'config Env': ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'P=C:\\dir\\'],
      },
    },
  },
  {
    name: 'takes an escape character behind another directive',
    dockerfile: `# syntax=docker/dockerfile:1\n# escape=\`\n${from}RUN echo one \`\n  two > /a\n`,
    differs: {
      why: 'The escape directive may stand behind others, as Docker has it; buildah takes it on the first line alone.',
      instead: { dockerfile: `# escape=\`\n${from}RUN echo one \`\n  two > /a\n` },
    },
  },
  { name: 'ignores the directive syntax', dockerfile: `# syntax=docker/dockerfile:1\n${from}ENV A=1\n` },
  {
    name: 'takes an unknown directive for a comment, which ends them',
    dockerfile: `# other=1\n# escape=\`\n${from}RUN echo a \\\n  b > /a\n`,
  },
  {
    name: 'refuses a directive that comes twice',
    dockerfile: `# escape=\\\n# escape=\`\n${from}`,
    fails: /escape/,
  },
  {
    name: 'refuses an escape character that is none',
    dockerfile: `# escape=x\n${from}`,
    fails: /escape|ESCAPE/,
  },
  { name: 'ignores an escape character at the end of the file', dockerfile: `${from}ENV A=1 \\` },
  {
    name: 'decodes the JSON form',
    dockerfile: `${from}RUN ["sh", "-c", "printf '%s' '\\u00e9\\t\\"x\\"' > /a"]\n`,
  },
  {
    name: 'takes brackets that are no JSON for shell text',
    dockerfile: `${from}RUN [ "a" = "a" ] && echo yes > /a\n`,
  },
  {
    name: 'refuses an array with other things than strings',
    dockerfile: `${from}CMD ["a", 1]\n`,
    fails: /string/,
  },
  {
    name: 'refuses an unknown instruction and names its line',
    dockerfile: `${from}\nFOO bar\n`,
    fails: /line 3.*unknown instruction: "?FOO/i,
  },
  { name: 'refuses an empty file', dockerfile: '\n', fails: /no instructions/ },
  { name: 'refuses a file of comments', dockerfile: '# nothing\n', fails: /./ },
  {
    name: 'refuses an instruction before FROM',
    dockerfile: `RUN true\n${from}`,
    fails: /FROM/,
    differs: {
      why: 'No instruction but ARG may come before the first FROM; buildah takes what stands there for a stage of its own.',
      ours: { outcome: 'failed' },
    },
  },
  { name: 'refuses an instruction without arguments', dockerfile: `${from}ENV\n`, fails: /ENV/ },
  { name: 'refuses FROM without a name', dockerfile: 'FROM\n', fails: /FROM/ },
  {
    name: 'gives the text below RUN to the shell',
    dockerfile: `${from}RUN <<EOF\necho one > /a\necho "$HOME" > /b\nEOF\nENV A=1\n`,
    variants: [{ layers: false, format: 'docker' }],
    differs: {
      why: heredocs,
      instead: { dockerfile: `${from}RUN echo one > /a; echo "$HOME" > /b\nENV A=1\n` },
    },
  },
  {
    name: 'runs a text below RUN that begins with #! as a script',
    dockerfile: `${from}RUN <<EOF\n#!/bin/ash\necho "$0" | grep -q . && echo script > /a\nEOF\n`,
    differs: { why: heredocs, instead: { dockerfile: `${from}RUN echo script > /a\n` } },
  },
  {
    name: 'gives the text below RUN to a command on its standard input',
    dockerfile: `${from}RUN cat > /a <<EOF && echo done > /b\n  kept   as it is\n$NOT_SET|\nEOF\n`,
    differs: {
      why: heredocs,
      instead: { dockerfile: `${from}RUN printf '  kept   as it is\\n|\\n' > /a && echo done > /b\n` },
    },
  },
  {
    name: 'copies texts below COPY as files, with variables unless the word is quoted',
    dockerfile: `${from}ENV NAME=world\nCOPY <<one <<"two" /to/\nhello $NAME\none\nhello $NAME\ntwo\n`,
    differs: {
      why: heredocs,
      open: ['tree /to/one mtime', 'tree /to/two mtime'],
      instead: {
        dockerfile: `${from}ENV NAME=world\nCOPY one two /to/\n`,
        files: [file('one', 'hello world\n'), file('two', 'hello $NAME\n')],
      },
    },
  },
  {
    name: 'strips tabs in front of the lines of a text that asks for it',
    dockerfile: `${from}COPY <<-EOF /a\n\t\tone\n\t two\n\tEOF\n`,
    differs: {
      why: heredocs,
      open: ['tree /a mtime'],
      instead: { dockerfile: `${from}COPY a /a\n`, files: [file('a', 'one\n two\n')] },
    },
  },
  {
    name: 'refuses a text below an instruction that does not end',
    dockerfile: `${from}RUN <<EOF\necho\n`,
    fails: /EOF|heredoc/i,
  },
];
