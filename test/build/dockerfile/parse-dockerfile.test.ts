import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { DockerfileError } from '../../../src/build/dockerfile/dockerfile-error.js';
import type { StepInstruction } from '../../../src/build/dockerfile/instruction.js';
import { parseDockerfile, parseInstruction } from '../../../src/build/dockerfile/parse-dockerfile.js';

/** The instructions behind `FROM scratch`, without what all of them have. */
function steps(...lines: readonly string[]): readonly object[] {
  const [stage] = parseDockerfile(['FROM scratch', ...lines].join('\n')).stages;
  return stage!.steps.map(bare);
}

function bare(step: StepInstruction): object {
  const { line: _line, original: _original, flags: _flags, ...rest } = step;
  return rest;
}

function shell(text: string): object {
  return { form: 'shell', text, heredocs: [] };
}

function originals(text: string): readonly (readonly [number, string])[] {
  const { stages } = parseDockerfile(text);
  return stages.flatMap(({ from, steps }) =>
    [from, ...steps].map(({ line, original }) => [line, original] as const),
  );
}

/** What comes of a text: stages, or the name of the error. */
function outcome(text: string): string {
  try {
    return parseDockerfile(text).stages.length > 0 ? 'stages' : 'nothing';
  } catch (error) {
    return (error as Error).name;
  }
}

describe('lines', () => {
  it.each([
    [
      'of instructions have their numbers',
      'FROM a\n\nRUN b\n',
      [
        [1, 'FROM a'],
        [3, 'RUN b'],
      ],
    ],
    [
      'may end in CRLF',
      'FROM a\r\nRUN b \\\r\n c\r\n',
      [
        [1, 'FROM a'],
        [2, 'RUN b  c'],
      ],
    ],
    ['need no line feed at the end', 'FROM a', [[1, 'FROM a']]],
    ['lose the blanks in front, not those behind', '  \tFROM a  \n', [[1, 'FROM a  ']]],
    ['may begin with a byte-order mark', '\ufeffFROM a', [[1, 'FROM a']]],
    [
      'are joined without anything between',
      'FROM a\nRUN b\\\nc\\\n d',
      [
        [1, 'FROM a'],
        [2, 'RUN bc d'],
      ],
    ],
    [
      'are joined over blanks behind the escape character',
      'FROM a\nRUN b\\ \t\nc',
      [
        [1, 'FROM a'],
        [2, 'RUN bc'],
      ],
    ],
    [
      'are joined over comments',
      'FROM a\nRUN b \\\n  # no\n#\\\nc',
      [
        [1, 'FROM a'],
        [2, 'RUN b c'],
      ],
    ],
    [
      'are joined over blank ones',
      'FROM a\nRUN b \\\n\n  \nc\n',
      [
        [1, 'FROM a'],
        [2, 'RUN b c'],
      ],
    ],
    [
      'that are joined keep a second escape character',
      'FROM a\nRUN b\\\\\nc',
      [
        [1, 'FROM a'],
        [2, 'RUN b\\c'],
      ],
    ],
    [
      'may have # in the middle',
      'FROM a\nRUN b # c',
      [
        [1, 'FROM a'],
        [2, 'RUN b # c'],
      ],
    ],
    ['may begin with the escape character alone', '\\\nFROM a', [[1, 'FROM a']]],
    [
      'may end the file with an escape character',
      'FROM a\nRUN b \\',
      [
        [1, 'FROM a'],
        [2, 'RUN b '],
      ],
    ],
    [
      'may end the file with a comment that was joined',
      'FROM a\nRUN b \\\n#x',
      [
        [1, 'FROM a'],
        [2, 'RUN b '],
      ],
    ],
  ])('%s', (_, text, expected) => {
    expect(originals(text)).toEqual(expected);
  });
});

describe('directives', () => {
  it.each([
    ['change the escape character', '# escape=`\nFROM a\nRUN b\\\nRUN c`\nd', '`', ['RUN b\\', 'RUN cd']],
    ['are read without case and blanks', '  #  EsCape \t= `  \nFROM a', '`', []],
    ['stand behind each other', '# syntax=x\n#check=y=z\n# escape=`\nFROM a', '`', []],
    ['may say more than a character', '# escape = ``x\nFROM a', '`', []],
    ['end with a comment', '# words\n# escape=`\nFROM a', '\\', []],
    ['end with a blank line', '\n# escape=`\nFROM a', '\\', []],
    ['end with an unknown one', '# unknown=x\n# escape=`\nFROM a', '\\', []],
    ['end with an instruction', 'FROM a\n# escape=`\nRUN b', '\\', ['RUN b']],
    ['stand behind a byte-order mark', '\ufeff# escape=`\r\nFROM a', '`', []],
  ])('%s', (_, text, escape, expected) => {
    const file = parseDockerfile(text);
    expect(file.escape).toBe(escape);
    expect(file.stages[0]?.steps.map(({ original }) => original)).toEqual(expected);
  });
});

describe('stages', () => {
  it('have names without case, platforms and their own steps', () => {
    const { globals, stages } = parseDockerfile(
      'ARG A=1 B\narg C="x y"\nFROM --platform=$P img:$A As Bob-1_.x\nRUN b\nfrom bob-1_.x\n',
    );
    expect(globals.flatMap(({ args }) => args)).toEqual([
      { name: 'A', value: '1' },
      { name: 'B' },
      { name: 'C', value: '"x y"' },
    ]);
    expect(stages).toEqual([
      {
        index: 0,
        from: {
          kind: 'from',
          line: 3,
          original: 'FROM --platform=$P img:$A As Bob-1_.x',
          flags: ['--platform=$P'],
          platform: '$P',
          image: 'img:$A',
          as: 'bob-1_.x',
        },
        steps: [expect.objectContaining({ kind: 'run' })],
      },
      { index: 1, from: expect.objectContaining({ image: 'bob-1_.x' }), steps: [] },
    ]);
  });
});

describe('the arguments of', () => {
  it.each<readonly [string, string, object]>([
    ['RUN are a text', 'RUN  a   "b" ', { kind: 'run', command: shell('a   "b"'), mounts: [] }],
    [
      'RUN are words in the JSON form',
      'RUN ["a b", "\\t\\u00e9\\"", "$x"]',
      { kind: 'run', command: { form: 'exec', args: ['a b', '\té"', '$x'] }, mounts: [] },
    ],
    [
      "RUN are a text where JSON's quotes are wrong",
      "RUN ['a']",
      { kind: 'run', command: shell("['a']"), mounts: [] },
    ],
    [
      'RUN are a text where JSON goes on',
      'RUN ["a"] b',
      { kind: 'run', command: shell('["a"] b'), mounts: [] },
    ],
    ['RUN are a text for a test', 'RUN [ -f a ]', { kind: 'run', command: shell('[ -f a ]'), mounts: [] }],
    [
      'RUN have flags in front',
      'RUN --mount=type=cache,target=/c --network=none --mount="type=tmpfs,target=/a b" --security=insecure x --y',
      {
        kind: 'run',
        command: shell('x --y'),
        mounts: ['type=cache,target=/c', '"type=tmpfs,target=/a b"'],
        network: 'none',
        security: 'insecure',
      },
    ],
    ['RUN end their flags with --', 'RUN -- --x', { kind: 'run', command: shell('--x'), mounts: [] }],
    ['CMD may be none', 'CMD', { kind: 'cmd', command: shell('') }],
    ['CMD may be no words', 'cmd []', { kind: 'cmd', command: { form: 'exec', args: [] } }],
    ['ENTRYPOINT are like those of RUN', 'ENTRYPOINT a', { kind: 'entrypoint', command: shell('a') }],
    ['SHELL are JSON', 'SHELL ["a","b"]', { kind: 'shell', args: ['a', 'b'] }],
    [
      'ENV are pairs',
      `ENV a=b c="d e" f='g' h=i\\ j k= l="m"'n'"o p"`,
      {
        kind: 'env',
        pairs: [
          { key: 'a', value: 'b' },
          { key: 'c', value: '"d e"' },
          { key: 'f', value: "'g'" },
          { key: 'h', value: 'i\\ j' },
          { key: 'k', value: '' },
          { key: 'l', value: `"m"'n'"o p"` },
        ],
      },
    ],
    [
      'ENV may be one name and the rest',
      'ENV a b  c=d ',
      { kind: 'env', pairs: [{ key: 'a', value: 'b  c=d' }] },
    ],
    ['ENV may have = in values', 'ENV a=b=c', { kind: 'env', pairs: [{ key: 'a', value: 'b=c' }] }],
    ['LABEL are the same', 'LABEL "a.b"=c', { kind: 'label', pairs: [{ key: '"a.b"', value: 'c' }] }],
    [
      'ARG are names',
      'ARG a b=c d=',
      { kind: 'arg', args: [{ name: 'a' }, { name: 'b', value: 'c' }, { name: 'd', value: '' }] },
    ],
    ['ARG may be quoted as a whole', 'ARG "a=b c"', { kind: 'arg', args: [{ name: 'a', value: '"b c"' }] }],
    ['WORKDIR are a text', 'WORKDIR  /a b ', { kind: 'workdir', text: '/a b' }],
    ['USER are a text', 'USER a:b', { kind: 'user', text: 'a:b' }],
    ['STOPSIGNAL are a text', 'STOPSIGNAL $S', { kind: 'stopsignal', text: '$S' }],
    ['MAINTAINER are a text', 'MAINTAINER a "b" <c>', { kind: 'maintainer', text: 'a "b" <c>' }],
    ['EXPOSE are words', 'EXPOSE 80/tcp  $P', { kind: 'expose', words: ['80/tcp', '$P'] }],
    ['VOLUME are words', 'VOLUME /a "/b c"', { kind: 'volume', words: ['/a', '"/b c"'] }],
    [
      'VOLUME may be JSON, whose blanks and quotes are what they are',
      `VOLUME ["/a b", "$x", "it's"]`,
      { kind: 'volume', words: ['/a\\ b', '$x', "it\\'s"] },
    ],
    ['ONBUILD are an instruction', 'ONBUILD  run  a b', { kind: 'onbuild', text: 'run  a b' }],
    ['HEALTHCHECK may be NONE', 'HEALTHCHECK none', { kind: 'healthcheck' }],
    [
      'HEALTHCHECK have times',
      'HEALTHCHECK --interval=1m30s --timeout=1.5s --start-period=0 --start-interval=2ms --retries=3 CMD a b',
      {
        kind: 'healthcheck',
        command: shell('a b'),
        interval: 90e9,
        timeout: 1.5e9,
        startPeriod: 0,
        startInterval: 2e6,
        retries: 3,
      },
    ],
    [
      'HEALTHCHECK may be JSON',
      'HEALTHCHECK CMD ["a"]',
      { kind: 'healthcheck', command: { form: 'exec', args: ['a'] } },
    ],
    [
      'COPY are sources and a destination',
      'COPY --chown=a:b --chmod=755 --from=x --link --parents=false --exclude=*.a --exclude=b a b /c/',
      {
        kind: 'copy',
        sources: ['a', 'b'],
        heredocs: [],
        destination: '/c/',
        from: 'x',
        chown: 'a:b',
        chmod: '755',
        link: true,
        parents: false,
        excludes: ['*.a', 'b'],
      },
    ],
    [
      'COPY may be quoted',
      `COPY "a b" c\\ d 'e' /f`,
      {
        kind: 'copy',
        sources: ['"a b"', 'c\\ d', "'e'"],
        heredocs: [],
        destination: '/f',
        link: false,
        parents: false,
        excludes: [],
      },
    ],
    [
      'COPY may be JSON',
      'COPY ["a b", "c"]',
      {
        kind: 'copy',
        sources: ['a\\ b'],
        heredocs: [],
        destination: 'c',
        destinationString: 'c',
        link: false,
        parents: false,
        excludes: [],
      },
    ],
    [
      'ADD have other flags',
      'ADD --checksum=sha256:ab --unpack --keep-git-dir=true http://a/b .',
      {
        kind: 'add',
        sources: ['http://a/b'],
        heredocs: [],
        destination: '.',
        link: false,
        parents: false,
        excludes: [],
        checksum: 'sha256:ab',
        unpack: true,
        keepGitDir: true,
      },
    ],
  ])('%s', (_, line, expected) => {
    expect(steps(line)).toEqual([expected]);
  });

  it('any instruction may be continued with the escape character of the file', () => {
    const [stage] = parseDockerfile('# escape=`\nFROM a\nENV a=b` c d="`""').stages;
    expect(stage?.steps[0]).toMatchObject({
      pairs: [
        { key: 'a', value: 'b` c' },
        { key: 'd', value: '"`""' },
      ],
    });
  });
});

describe('here-documents', () => {
  const heredoc = (name: string, content: string, expands = true): object => ({ name, content, expands });

  it.each<readonly [string, readonly string[], object]>([
    [
      'stand below RUN',
      ['RUN <<EOF', 'a \\', '# b', '', ' EOF', 'EOF'],
      { command: { form: 'shell', text: '<<EOF', heredocs: [heredoc('EOF', 'a \\\n# b\n\n EOF\n')] } },
    ],
    [
      'lose their tabs behind a dash',
      ['RUN <<-EOF', '\t\ta', ' \tb', '\tEOF'],
      { command: { form: 'shell', text: '<<-EOF', heredocs: [heredoc('EOF', 'a\n \tb\n')] } },
    ],
    [
      'are not substituted if their word is quoted',
      [`RUN cat <<"A B" <<'C' <<D"E" <<\\F`, 'A B', 'C', '$x', 'DE', 'F'],
      {
        command: {
          form: 'shell',
          text: `cat <<"A B" <<'C' <<D"E" <<\\F`,
          heredocs: [
            heredoc('A B', '', false),
            heredoc('C', '', false),
            heredoc('DE', '$x\n', false),
            heredoc('F', '', false),
          ],
        },
      },
    ],
    [
      "end their words at the shell's operators",
      ['RUN cat <<A>/x; (cat 3<<B)', 'a', 'A', 'b', 'B'],
      {
        command: {
          form: 'shell',
          text: 'cat <<A>/x; (cat 3<<B)',
          heredocs: [heredoc('A', 'a\n'), heredoc('B', 'b\n')],
        },
      },
    ],
    [
      'have their CRLF made line feeds',
      ['RUN << EOF\r', 'a\r', 'EOF\r'],
      { command: { form: 'shell', text: '<< EOF', heredocs: [heredoc('EOF', 'a\n')] } },
    ],
    [
      'are sources of COPY',
      ['COPY --chmod=755 <<a.txt x <<"b" /d/', 'A', 'a.txt', 'B', 'b'],
      {
        kind: 'copy',
        sources: ['<<a.txt', 'x', '<<b'],
        destination: '/d/',
        heredocs: [heredoc('a.txt', 'A\n'), heredoc('b', 'B\n', false)],
      },
    ],
    [
      'stay with the instruction of ONBUILD',
      ['ONBUILD COPY <<-A /b', '\tx', '\tA'],
      { kind: 'onbuild', text: 'COPY <<-A /b\nx\nA' },
    ],
  ])('%s', (_, lines, expected) => {
    expect(steps(...lines, 'USER last')).toEqual([
      expect.objectContaining(expected),
      { kind: 'user', text: 'last' },
    ]);
  });

  it.each([
    ['in the JSON form', 'RUN ["cat", "<<EOF"]'],
    ['of other instructions', 'CMD cat <<EOF'],
    ['in quotes', 'RUN echo "<<EOF" \'<<EOF\''],
    ['within words', 'RUN a<<b'],
    ['that are here-strings', 'RUN cat <<<word'],
    ['that are arithmetic', 'RUN echo $((1 << 2)) && ((x << 3))'],
    ['that are escaped', 'RUN echo \\<<EOF'],
    ['in quotes that are not closed', 'RUN echo "a <<EOF'],
  ])('are not looked for %s', (_, line) => {
    expect(steps(line, 'USER last')).toHaveLength(2);
  });
});

describe('a Dockerfile is refused', () => {
  it.each([
    ['that is empty', '', 'dockerfile parse error: file with no instructions, so without FROM'],
    ['of comments', '# a\n\n  # b', 'dockerfile parse error: file with no instructions, so without FROM'],
    ['without FROM', 'ARG A', 'dockerfile parse error: there is no FROM, so no stages to build'],
    [
      'with an unknown instruction',
      'FROM a\n\nFOO x',
      'dockerfile parse error on line 3: unknown instruction: FOO',
    ],
    [
      'with an instruction of no sense',
      'FROM a\nconstructor x',
      'on line 2: unknown instruction: constructor',
    ],
    ['with something before FROM', 'RUN a\nFROM b', 'on line 1: no build stage in current context'],
    ['with nothing behind FROM', 'FROM', 'on line 1: FROM requires either one or three arguments'],
    ['with too little behind FROM', 'FROM a as', 'FROM requires either one or three arguments'],
    ['with too much behind FROM', 'FROM a as b c', 'FROM requires either one or three arguments'],
    ['with no AS behind FROM', 'FROM a is b', 'FROM requires either one or three arguments'],
    ['with a stage that is a number', 'FROM a AS 1', 'invalid name for build stage: "1"'],
    ['with a stage of a strange name', 'FROM a AS b/c', 'invalid name for build stage: "b/c"'],
    [
      'with a directive twice',
      '# escape=`\n#ESCAPE=`\nFROM a',
      'on line 2: only one escape parser directive can be used',
    ],
    ['with a wrong escape character', '# escape=x\nFROM a', 'on line 1: invalid ESCAPE "x"'],
    [
      'with an unterminated here-document',
      'FROM a\nRUN <<A\nx\n A',
      'on line 2: unterminated heredoc: no line is "A"',
    ],
    [
      'with a here-document as destination',
      'FROM a\nCOPY x <<A\nA',
      'COPY cannot accept a heredoc as a destination',
    ],
    [
      'with a here-document that is to be a file elsewhere',
      'FROM a\nCOPY <<../b /c\n../b',
      'COPY cannot name a file "../b"',
    ],
    [
      'with a here-document that is to be a directory',
      'FROM a\nADD <<.. /c\n..',
      'ADD cannot name a file ".."',
    ],
    ['with an unknown flag', 'FROM a\nCOPY --form=b c d', 'on line 2: unknown flag: --form'],
    ['with a flag of another instruction', 'FROM a\nADD --from=b c d', 'unknown flag: --from'],
    ['with a flag where there are none', 'FROM a\nCMD --x', 'unknown flag: --x'],
    ['with a flag of no sense', 'FROM a\nCOPY --toString=b c d', 'unknown flag: --toString'],
    ['with a flag twice', 'FROM a\nCOPY --from=b --from=b c d', 'duplicate flag specified: --from'],
    ['with a flag without value', 'FROM a\nCOPY --from c d', 'missing a value on flag: --from'],
    [
      'with a switch that is neither',
      'FROM a\nCOPY --link=maybe c d',
      'expecting boolean value for flag --link, not: maybe',
    ],
    ['with an empty switch', 'FROM a\nCOPY --link= c d', 'missing a value on flag: --link'],
    ['with JSON of other things', 'FROM a\nCMD ["a", 1]', 'arrays must be comprised of strings only'],
    ['with JSON in JSON', 'FROM a\nCMD ["a", ["b"]]', 'arrays must be comprised of strings only'],
    ['with one argument of COPY', 'FROM a\nCOPY b', 'COPY requires at least two arguments'],
    ['with nothing for ENV', 'FROM a\nENV', 'ENV requires at least one argument'],
    ['with a name for ENV only', 'FROM a\nENV b', 'ENV must have two arguments'],
    ['with a word for ENV', 'FROM a\nENV b=c d', `Syntax error - can't find = in "d"`],
    ['with a value for ENV only', 'FROM a\nENV =c', 'ENV names can not be blank'],
    ['with nothing for LABEL', 'FROM a\nLABEL b', 'LABEL must have two arguments'],
    ['with nothing for ARG', 'FROM a\nARG', 'ARG requires at least one argument'],
    ['with a value for ARG only', 'FROM a\nARG =b', 'ARG names can not be blank'],
    ['with nothing for RUN', 'FROM a\nRUN', 'RUN requires at least one argument'],
    ['with no words for RUN', 'FROM a\nRUN []', 'RUN requires at least one argument'],
    ['with nothing for WORKDIR', 'FROM a\nWORKDIR', 'WORKDIR requires exactly one argument'],
    ['with nothing for EXPOSE', 'FROM a\nEXPOSE', 'EXPOSE requires at least one argument'],
    ['with an empty VOLUME', 'FROM a\nVOLUME [""]', 'VOLUME specified can not be an empty string'],
    ['with a text for SHELL', 'FROM a\nSHELL b', 'SHELL requires the arguments to be in JSON form'],
    ['with nothing for SHELL', 'FROM a\nSHELL []', 'SHELL requires at least one argument'],
    ['with an unknown network', 'FROM a\nRUN --network=x y', 'unsupported network mode "x"'],
    ['with an unknown security', 'FROM a\nRUN --security=x y', 'unsupported security mode "x"'],
    [
      'with ONBUILD ONBUILD',
      'FROM a\nONBUILD onbuild RUN b',
      "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed",
    ],
    ['with ONBUILD FROM', 'FROM a\nONBUILD from b', "FROM isn't allowed as an ONBUILD trigger"],
    [
      'with ONBUILD MAINTAINER',
      'FROM a\nONBUILD maintainer b',
      "MAINTAINER isn't allowed as an ONBUILD trigger",
    ],
    ['with ONBUILD of nothing', 'FROM a\nONBUILD', 'ONBUILD requires at least one argument'],
    ['with ONBUILD of what does not exist', 'FROM a\nONBUILD FOO', 'unknown instruction: FOO'],
    ['with HEALTHCHECK of nothing', 'FROM a\nHEALTHCHECK', 'HEALTHCHECK requires at least one argument'],
    [
      'with HEALTHCHECK of another type',
      'FROM a\nHEALTHCHECK b',
      'Unknown type "b" in HEALTHCHECK (try CMD)',
    ],
    [
      'with HEALTHCHECK NONE of something',
      'FROM a\nHEALTHCHECK NONE b',
      'HEALTHCHECK NONE takes no arguments',
    ],
    ['with HEALTHCHECK CMD of nothing', 'FROM a\nHEALTHCHECK CMD', 'Missing command after HEALTHCHECK CMD'],
    [
      'with a time without unit',
      'FROM a\nHEALTHCHECK --interval=1 CMD b',
      '--interval: missing unit in duration "1"',
    ],
    [
      'with a time that is too short',
      'FROM a\nHEALTHCHECK --timeout=1us CMD b',
      '--timeout cannot be less than 1ms',
    ],
    [
      'with a time below nothing',
      'FROM a\nHEALTHCHECK --timeout=-1s CMD b',
      '--timeout cannot be less than 1ms',
    ],
    ['with no retries', 'FROM a\nHEALTHCHECK --retries=0 CMD b', '--retries must be at least 1 (not 0)'],
    ['with retries that are none', 'FROM a\nHEALTHCHECK --retries=x CMD b', '--retries: "x" is not a number'],
    ['of too many characters', `FROM a\n#${'x'.repeat(11e6)}`, 'the file has more than 4194304 characters'],
    ['of too many instructions', 'FROM a\n'.repeat(2501), 'the file has more than 2500 instructions'],
    [
      'of instructions that are too long',
      `FROM a\nRUN ${'x'.repeat(2e6)}`,
      'the instructions have more than 262144 characters',
    ],
    ['of too many lines', `FROM a${'\n'.repeat(50_001)}`, 'the file has more than 50000 lines'],
  ])('%s', (_, text, message) => {
    expect(() => parseDockerfile(text)).toThrow(DockerfileError);
    expect(() => parseDockerfile(text)).toThrow(message);
  });
});

it('a Dockerfile may have much of what is no instruction', () => {
  const text = `#${'x'.repeat(1e6)}\nFROM a\nCOPY <<E /\n${`${'y'.repeat(100)}\n`.repeat(30_000)}E`;
  expect(parseDockerfile(text).stages[0]?.steps).toHaveLength(1);
});

describe('an instruction on its own', () => {
  it('is read as if it stood in a file', () => {
    expect(bare(parseInstruction('copy <<A /b\nx\nA', '\\'))).toMatchObject({
      kind: 'copy',
      sources: ['<<A'],
    });
    expect(parseInstruction('ENV a=b` c', '`', 7)).toMatchObject({
      line: 7,
      pairs: [{ key: 'a', value: 'b` c' }],
    });
  });

  it.each(['FROM a', 'MAINTAINER a', 'ONBUILD RUN a', '', 'RUN a\nRUN b', 'FOO'])(
    'is refused: %j',
    (text) => {
      expect(() => parseInstruction(text, '\\', 3)).toThrow(/on line [34]:/);
    },
  );
});

describe('any text', () => {
  const names = [
    'FROM',
    'RUN',
    'COPY',
    'ENV',
    'ARG',
    'ONBUILD',
    'HEALTHCHECK',
    'VOLUME',
    'CMD',
    'LABEL',
    '#',
    'SHELL',
  ];
  const pieces = [
    'a',
    ' ',
    '\\',
    '\n',
    '"',
    "'",
    '<<',
    'EOF',
    '=',
    '--',
    '[',
    ']',
    '"a"',
    ',',
    '$',
    '{',
    '`',
    '\t',
    '\r\n',
    '(',
    '\0',
    'é',
  ];
  const text = fc.array(fc.constantFrom(...names.map((name) => `\n${name} `), ...pieces), { maxLength: 60 });

  it('is a Dockerfile or an error that says so', () => {
    fc.assert(
      fc.property(text, (parts) => {
        expect(['stages', 'DockerfileError']).toContain(outcome(`FROM a${parts.join('')}`));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['blanks', ' '],
    ['quotes', '" '],
    ['brackets', '['],
    ['escapes', '\\ '],
    ['words', 'a=b '],
    ['flags', '--mount=a '],
    ['arithmetic', '(( '],
    ['shifts', '<< '],
    ['marks of here-documents', ' <<"'],
    ['comments', '\\\n#'],
  ])('takes time as it has characters, if those are %s', (_, piece) => {
    for (const instruction of ['RUN ', 'ENV ', 'COPY ', 'VOLUME ', 'ARG ', '# ']) {
      const body = instruction + piece.repeat(100_000 / piece.length);
      expect(['stages', 'DockerfileError']).toContain(outcome(`FROM a\n${body}`));
    }
  });
});
