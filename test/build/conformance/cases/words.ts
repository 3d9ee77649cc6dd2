// Words and substitution (build.md, Words and substitution; Variables).
import { file, type ConformanceCase } from '../conformance-case.js';

const from = 'FROM localhost/base/busybox\n';

const value = (name: string, word: string, more = 'ENV SET=value EMPTY=\n'): ConformanceCase => ({
  name,
  dockerfile: `${from}${more}ENV RESULT=${word}\n`,
});

const newer = (
  name: string,
  word: string,
  expanded: string,
  more = 'ENV SET=value EMPTY=\n',
): ConformanceCase => ({
  name,
  dockerfile: `${from}${more}ENV RESULT=${word}\n`,
  differs: {
    why: 'Modifiers of variables that BuildKit has and buildah 1.28 has not.',
    instead: { dockerfile: `${from}${more}ENV RESULT=${expanded}\n` },
  },
});

export const wordCases: readonly ConformanceCase[] = [
  value('takes a variable', '$SET'),
  value('takes a variable in braces', 'a${SET}b'),
  value('takes nothing for a variable that is not set', 'a${NOTHING}b$NONE'),
  value('takes a word for a variable that is not set or empty', '${NOTHING:-one}${EMPTY:-two}${SET:-three}'),
  value('takes a word for a variable that is set and not empty', '${NOTHING:+one}${EMPTY:+two}${SET:+three}'),
  value('substitutes within the word', '${NOTHING:-${SET}}'),
  value('takes a variable that is escaped as text', '\\$SET'),
  value('substitutes nothing within single quotes', "'$SET ${SET}'"),
  value('substitutes within double quotes and keeps their blanks', '"a  $SET  b"'),
  value('takes escapes within double quotes', '"\\"quoted\\" \\$SET \\\\"'),
  value('takes an escape before a blank', 'a\\ b'),
  value('puts quoted and plain parts of a word together', 'a"b c"\'d e\'f'),
  value('ends a name at what is no part of one', '$SET-x.$SET/y'),
  value('takes positions for empty', '"$1$9x"'),
  newer(
    'takes an empty variable for set without the colon',
    '"${EMPTY-one}${NOTHING-two}${EMPTY+three}"',
    '"twothree"',
  ),
  newer('cuts the shortest prefix', '${P#*/}', 'b/c.tar.gz', 'ENV P=a/b/c.tar.gz\n'),
  newer('cuts the longest prefix', '${P##*/}', 'c.tar.gz', 'ENV P=a/b/c.tar.gz\n'),
  newer('cuts the shortest suffix', '${P%.*}', 'a/b/c.tar', 'ENV P=a/b/c.tar.gz\n'),
  newer('cuts the longest suffix', '${P%%.*}', 'a/b/c', 'ENV P=a/b/c.tar.gz\n'),
  newer('replaces the first match', '${P/a/x}', 'xbanana', 'ENV P=abanana\n'),
  newer('replaces every match', '${P//a/x}', 'xbxnxnx', 'ENV P=abanana\n'),
  {
    name: 'fails with the word where a variable must be set',
    dockerfile: `${from}ENV A="\${NOTHING:?is needed here}"\n`,
    fails: /is needed here/,
  },
  { name: 'refuses a brace that is not closed', dockerfile: `${from}ENV A=\${B\n`, fails: /B/ },
  { name: 'refuses a modifier that is none', dockerfile: `${from}ENV A=\${B:x}\n`, fails: /modifier|B:x/ },
  {
    name: 'sees the values from before its own line',
    dockerfile: `${from}ENV A=1\nENV A=2 B=$A\nENV C=$A\nLABEL x=$A\n`,
  },
  {
    name: 'substitutes in all instructions that are the builder’s',
    files: [file('src', 's')],
    dockerfile: `${from}ENV D=dir U=user P=80 S=SIGINT\nWORKDIR /$D\nUSER $U\nEXPOSE $P\nSTOPSIGNAL $S\nVOLUME /$D/v\nLABEL l=$D\nCOPY src /$D/src\n`,
  },
  {
    name: 'leaves the text of RUN, CMD and ENTRYPOINT to the shell',
    dockerfile: `${from}ENV A=1\nRUN B=2; echo "$A$B\${C:-3}" > /a\nENTRYPOINT echo $A\nCMD ["$A"]\n`,
  },
  {
    name: 'leaves HEALTHCHECK and SHELL as they are',
    dockerfile: `${from}ENV A=1\nHEALTHCHECK CMD echo $A\nSHELL ["/bin/$A"]\n`,
    variants: [{ layers: false, format: 'docker' }],
  },
  {
    name: 'takes the rest of a line for an old ENV',
    dockerfile: `${from}ENV KEY some  value "with quotes" and  blanks\n`,
  },
  {
    name: 'takes several names of one ENV',
    dockerfile: `${from}ENV A=1 B="two words" C=three\\ words D='4 4' \\\n  E=5\n`,
  },
  { name: 'replaces a variable in its place', dockerfile: `${from}ENV A=1 B=2 C=3\nENV B=new\n` },
  {
    name: 'puts variables of the base that are replaced behind those that are not',
    dockerfile: `${from}ENV A=1\nENV PATH=/x:$PATH B=2\nENV A=3 PATH=/y\n`,
  },
  {
    name: 'puts variables of an earlier stage that are replaced behind the others',
    dockerfile: `${from.trim()} AS one\nENV A=1 B=2 C=3\nFROM one\nENV B=new\nENV D=4 A=new\n`,
  },
  {
    name: 'refuses a pair without a name',
    dockerfile: `${from}ENV =x\n`,
    fails: /blank|name|ENV/i,
    differs: {
      why: 'A variable needs a name, as Docker has it; buildah stores one without.',
      ours: { outcome: 'failed' },
    },
  },
  { name: 'takes ARG with its default', dockerfile: `${from}ARG A=default\nRUN echo $A > /a\n` },
  {
    name: 'takes ARG of the call before its default',
    dockerfile: `${from}ARG A=default\nRUN echo $A > /a\n`,
    options: ['--build-arg', 'A=called'],
  },
  {
    name: 'has ENV win over ARG',
    dockerfile: `${from}ARG A=arg\nENV A=env\nRUN echo $A > /a\nENV B=$A\n`,
    options: ['--build-arg', 'A=called'],
  },
  {
    name: 'keeps ARG out of the image',
    dockerfile: `${from}ARG A=1\nARG B\nRUN echo "$A" > /a; env | grep -c '^B=' > /b || true\n`,
  },
  {
    name: 'keeps proxies of the call out of the history of ARG',
    dockerfile: `${from}ARG A=1\n`,
    options: ['--build-arg', 'HTTP_PROXY=http://p:1'],
    differs: {
      why: 'ARG writes no proxy into the history that no ARG declares; buildah 1.28 writes the names of those of the call.',
      ours: { 'history 5 created_by': '/bin/sh -c #(nop) ARG A' },
    },
  },
  {
    name: 'has ARG begin at its own line in flags, too',
    files: [file('a')],
    dockerfile: `${from}COPY --chown=\${A:-1} a /one\nARG A\nCOPY --chown=\${A:-1} a /two\n`,
    options: ['--build-arg', 'A=2'],
    differs: {
      why: 'An argument counts from its ARG on; in buildah 1.28 flags see those of the call before.',
      ours: { 'tree /one owner': '1:1' },
      open: ['history 5 created_by'],
    },
  },
  {
    name: 'has ARG begin at its own line',
    dockerfile: `${from}ENV X=\${A:-unset}\nARG A=1\nENV Y=\${A:-unset}\n`,
    options: ['--build-arg', 'A=2'],
  },
  {
    name: 'sees no ARG that is not declared',
    dockerfile: `${from}RUN echo "[$A]" > /a\n`,
    options: ['--build-arg', 'A=1'],
    says: /not consumed.*A/,
  },
  {
    name: 'declares several on one ARG',
    dockerfile: `${from}ARG A=1 B=2 C\nRUN echo $A$B$C > /a\n`,
    options: ['--build-arg', 'C=3'],
  },
  { name: 'takes earlier ARGs in a default', dockerfile: `${from}ARG A=1\nARG B=\${A}2\nENV C=$B\n` },
  {
    name: 'uses ARG before FROM in FROM only',
    dockerfile: 'ARG NAME=busybox\nARG B=hidden\nFROM localhost/base/$NAME\nENV X=[$NAME] Y=[$B]\n',
  },
  {
    name: 'takes ARG before FROM into a stage that declares it',
    dockerfile: 'ARG V=global\nFROM localhost/base/busybox\nARG V\nENV X=$V\n',
  },
  {
    name: 'has a default of the stage win over ARG before FROM',
    dockerfile: 'ARG V=global\nFROM localhost/base/busybox\nARG V=own\nENV X=$V\n',
  },
  {
    name: 'ends ARG with its stage',
    dockerfile: `FROM localhost/base/busybox AS one\nARG A=1\nENV X=$A\nFROM localhost/base/busybox\nENV Y=[$A]\n`,
  },
  {
    name: 'inherits ARG of a stage that it is made from',
    dockerfile: `FROM localhost/base/busybox AS one\nARG A=1\nFROM one\nENV Y=[$A]\n`,
    differs: {
      why: 'A stage made from an earlier one inherits its ARGs, as in BuildKit; in buildah 1.28 it does not.',
      ours: { 'config Env': ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'Y=[1]'] },
    },
  },
  {
    name: 'gives proxies of the call to RUN and keeps them out of the history',
    dockerfile: `${from}RUN echo "$HTTP_PROXY|$no_proxy" > /a\n`,
    options: ['--build-arg', 'HTTP_PROXY=http://p:1', '--build-arg', 'no_proxy=x'],
  },
  {
    name: 'knows the platform in stages that declare it',
    dockerfile: `${from}ARG TARGETPLATFORM\nARG TARGETARCH\nARG TARGETOS\nARG BUILDPLATFORM\nENV X=$TARGETPLATFORM-$TARGETARCH-$TARGETOS-$BUILDPLATFORM\n`,
  },
  {
    name: 'knows no platform in stages that do not declare it',
    dockerfile: `${from}ENV X=[$TARGETPLATFORM]\n`,
  },
  {
    name: 'lists ARGs in force in the history, sorted',
    dockerfile: `${from}ARG B=2\nARG A=1\nARG C\nRUN true\n`,
    options: ['--build-arg', 'C=3'],
  },
];
