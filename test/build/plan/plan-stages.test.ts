import { describe, expect, it } from '@jest/globals';
import { SubstitutionError } from '../../../src/build/dockerfile/substitution-error.js';
import { parseDockerfile } from '../../../src/build/dockerfile/parse-dockerfile.js';
import { predefinedArguments } from '../../../src/build/plan/arguments.js';
import { PlanError } from '../../../src/build/plan/plan-error.js';
import { planStages } from '../../../src/build/plan/plan-stages.js';
import type { Plan, PlanOptions } from '../../../src/build/plan/plan-stages.js';

const arm = { os: 'linux', architecture: 'arm', variant: 'v7' };
const amd64 = { os: 'linux', architecture: 'amd64' };

function plan(lines: readonly string[], options: Partial<PlanOptions> = {}): Plan {
  return planStages(parseDockerfile(lines.join('\n')), {
    target: '',
    buildArgs: new Map(),
    platform: arm,
    buildPlatform: amd64,
    allStages: false,
    ...options,
  });
}

/** `index: base <dependencies>` of each stage that is needed. */
function outline(lines: readonly string[], options?: Partial<PlanOptions>): readonly string[] {
  return plan(lines, options).stages.map(({ stage, base, dependencies }) => {
    const name = base.kind === 'stage' ? `#${base.index}` : base.kind === 'image' ? base.name : 'scratch';
    return `${stage.index}: ${name} <${dependencies.join(' ')}>`;
  });
}

describe('the stages that are needed', () => {
  it.each<readonly [string, readonly string[], readonly string[]]>([
    ['are the last one', ['FROM a', 'FROM b'], ['1: b <>']],
    ['are its base', ['FROM a AS x', 'FROM b', 'FROM x'], ['0: a <>', '2: #0 <0>']],
    [
      'are the base of its base',
      ['FROM a AS x', 'FROM x AS y', 'FROM y'],
      ['0: a <>', '1: #0 <0>', '2: #1 <1>'],
    ],
    ['are bases without case', ['FROM a AS Xy', 'FROM xY'], ['0: a <>', '1: #0 <0>']],
    [
      'are the nearest of a name',
      ['FROM a AS x', 'FROM x AS x', 'FROM x'],
      ['0: a <>', '1: #0 <0>', '2: #1 <1>'],
    ],
    [
      'are bases by number if they have no name',
      ['FROM a', 'FROM b AS x', 'FROM 0'],
      ['0: a <>', '2: #0 <0>'],
    ],
    ['are not bases by number if they have a name', ['FROM a AS x', 'FROM 0'], ['1: 0 <>']],
    ['are not bases by number if they come later', ['FROM 1', 'FROM b'], ['1: b <>']],
    ['are not those behind that are named as the base', ['FROM x', 'FROM b AS x'], ['1: b <>']],
    [
      'have names made of global arguments',
      ['ARG A=X1', 'FROM a AS s-$A', 'FROM s-x1'],
      ['0: a <>', '1: #0 <0>'],
    ],
    ['are not scratch', ['FROM a AS scratch', 'FROM scratch'], ['1: scratch <>']],
    ['are the sources of COPY', ['FROM a AS x', 'FROM b', 'COPY --from=X c d'], ['0: a <>', '1: b <0>']],
    ['are sources by number', ['FROM a', 'FROM b', 'FROM c', 'COPY --from=1 c d'], ['1: b <>', '2: c <1>']],
    ['are sources in quotes', ['FROM a AS x', 'FROM b', 'COPY --from="x" c d'], ['0: a <>', '1: b <0>']],
    ['are not images', ['FROM a AS x', 'FROM b', 'COPY --from=img:1 c d', 'COPY --from= e f'], ['1: b <>']],
    ['are not of sources in the context', ['FROM a AS x', 'FROM b', 'COPY x d'], ['1: b <>']],
    [
      'are the sources of mounts',
      [
        'FROM a AS x',
        'FROM b AS y',
        'FROM c',
        'RUN --mount=from=y,target=/a --mount="type=cache,from=0,target=/b c" true',
      ],
      ['0: a <>', '1: b <>', '2: c <0 1>'],
    ],
    [
      'are not what mounts have variables elsewhere for',
      ['FROM a AS x', 'FROM b', 'RUN --mount=type=cache,target=$HOME/from=x true'],
      ['1: b <>'],
    ],
    [
      'are all where a variable names a source',
      ['FROM a', 'FROM b', 'FROM c', 'COPY --from=$S c d'],
      ['0: a <>', '1: b <>', '2: c <0 1>'],
    ],
    [
      'are all where a variable has a default',
      ['FROM a', 'FROM b', 'COPY --from=${S:-x} c d'],
      ['0: a <>', '1: b <0>'],
    ],
    [
      'are all where a variable names that of a mount',
      ['FROM a', 'FROM b', 'RUN --mount=from=a$S,target=/a c'],
      ['0: a <>', '1: b <0>'],
    ],
    [
      'are all where a variable may be anything of a mount',
      ['FROM a', 'FROM b', 'RUN --mount=$M c'],
      ['0: a <>', '1: b <0>'],
    ],
    [
      'are not more for a dollar sign that is escaped',
      ['FROM a', 'FROM b', 'COPY --from=\\$S c d'],
      ['1: b <>'],
    ],
    [
      'are those that the base makes it copy from',
      ['FROM a AS x', 'FROM b AS y', 'ONBUILD COPY --from=x c d', 'FROM y'],
      ['0: a <>', '1: b <>', '2: #1 <0 1>'],
    ],
    [
      'are not those its own ONBUILD names',
      ['FROM a AS x', 'FROM b', 'ONBUILD COPY --from=x c d'],
      ['1: b <>'],
    ],
  ])('%s', (_, lines, expected) => {
    expect(outline(lines)).toEqual(expected);
  });

  const stages = ['FROM a AS x', 'FROM b AS Y', 'FROM c AS x', 'FROM d'];

  it.each([
    ['y', ['1: b <>']],
    ['Y', ['1: b <>']],
    ['x', ['0: a <>']],
    ['2', ['2: c <>']],
    ['', ['3: d <>']],
  ])('are of the target %j', (target, expected) => {
    expect(outline(stages, { target })).toEqual(expected);
    expect(plan(stages, { target }).target).toBe(Number(expected[0]?.charAt(0)));
  });

  it('are all up to the target if that is wanted', () => {
    expect(outline(stages, { target: 'y', allStages: true })).toEqual(['0: a <>', '1: b <>']);
  });

  it('are not those that other contexts are named as', () => {
    const contexts = new Set(['x']);
    expect(outline(['FROM a AS x', 'FROM x', 'COPY --from=x c d'], { contexts })).toEqual(['1: x <>']);
    expect(outline(['FROM a', 'COPY --from=x c d', 'FROM b AS x'], { contexts, target: '0' })).toEqual([
      '0: a <>',
    ]);
  });
});

describe('FROM', () => {
  const base = (lines: readonly string[], buildArgs: Readonly<Record<string, string>> = {}): string => {
    const [stage] = plan(lines, { buildArgs: new Map(Object.entries(buildArgs)) }).stages;
    return stage?.base.kind === 'image' ? stage.base.name : '';
  };

  it.each([
    ['sees global arguments', ['ARG A=1', 'FROM a:$A'], {}, 'a:1'],
    ["sees the request's values", ['ARG A=1', 'FROM a:$A'], { A: '2' }, 'a:2'],
    ["sees the request's values of plain arguments", ['ARG A', 'FROM a:${A:-1}'], { A: '2' }, 'a:2'],
    ['does not see what is not declared', ['FROM a:${A:-1}'], { A: '2' }, 'a:1'],
    ['does not see the arguments of stages', ['FROM b AS x', 'ARG A=1', 'FROM a${A}'], {}, 'a'],
    ['sees arguments made of others', ['ARG A=1', 'ARG B=$A.2', 'FROM a:$B'], { A: '3' }, 'a:3.2'],
    ['sees the last value of a name', ['ARG A=1', 'ARG A=2', 'FROM a:$A'], {}, 'a:2'],
    ['sees platforms', ['FROM a:$TARGETARCH-$TARGETVARIANT-$BUILDARCH'], {}, 'a:arm-v7-amd64'],
    ['sees platforms that the request changes', ['FROM a:$TARGETARCH'], { TARGETARCH: 'x' }, 'a:x'],
    ['sees arguments made of platforms', ['ARG A=$TARGETOS', 'FROM a:$A'], {}, 'a:linux'],
    ['sees platforms behind a plain argument', ['ARG TARGETARCH', 'FROM a:$TARGETARCH'], {}, 'a:arm'],
    [
      'sees the default of an argument before the platform',
      ['ARG TARGETARCH=y', 'FROM a:$TARGETARCH'],
      {},
      'a:y',
    ],
    ['sees the stage that is wanted', ['FROM a:$TARGETSTAGE'], {}, 'a:default'],
    ['sees its name', ['FROM a:$TARGETSTAGE AS Fin'], {}, 'a:fin'],
  ])('%s', (_, lines, buildArgs, expected) => {
    expect(base(lines, buildArgs)).toBe(expected);
  });

  it.each([
    ['FROM a', ''],
    ['FROM --platform=linux/arm64 a', 'linux/arm64'],
    ['FROM --platform=$BUILDPLATFORM a', 'linux/amd64'],
    ['FROM --platform=${TARGETPLATFORM} a', 'linux/arm/v7'],
    ['FROM --platform=Linux/AMD64 a', 'linux/amd64'],
  ])('%s is for %j', (line, expected) => {
    expect(plan([line]).stages[0]?.platform).toBe(expected);
  });
});

describe('global arguments', () => {
  it('have values, or are not there', () => {
    const lines = ['ARG A=1 B=$A', 'ARG C D', 'ARG E="x y"', 'ARG F=', 'FROM a'];
    const buildArgs = new Map([
      ['D', '4'],
      ['F', '6'],
      ['G', '7'],
    ]);
    expect(Object.fromEntries(plan(lines, { buildArgs }).globals)).toEqual({
      A: '1',
      B: '',
      D: '4',
      E: 'x y',
      F: '6',
    });
  });

  it('that nothing declares are told', () => {
    const lines = ['ARG A', 'FROM a', 'ARG B', 'ONBUILD ARG C', 'FROM b', 'ARG D'];
    const buildArgs = new Map(
      ['Z', 'A', 'B', 'C', 'D', 'Y', 'HTTP_PROXY', 'no_proxy', 'SOURCE_DATE_EPOCH', 'TARGETARCH'].map(
        (name) => [name, '1'],
      ),
    );
    expect(plan(lines, { buildArgs }).undeclared).toEqual(['TARGETARCH', 'Y', 'Z']);
  });

  it('need no declaration if they are proxies', () => {
    expect(predefinedArguments.has('ALL_PROXY') && predefinedArguments.has('https_proxy')).toBe(true);
  });
});

describe('a build is refused', () => {
  it.each([
    [
      'of a target that is not there',
      ['FROM a'],
      'x',
      /^The target "x" was not found in the provided Dockerfile$/,
    ],
    ['of a target that is past the last', ['FROM a'], '1', /^The target "1" was not found/],
    [
      'that copies from itself',
      ['FROM a AS x', '', 'COPY --from=x b c'],
      '',
      /^--from=x on line 3: .* itself$/,
    ],
    ['that copies from itself by number', ['FROM a', 'COPY --from=0 b c'], '', /no stage 0 before/],
    ['that copies from a later stage', ['FROM a', 'COPY --from=x b c', 'FROM a AS x'], '0', /comes later/],
    ['that copies from a stage that is not there', ['FROM a', 'COPY --from=7 b c'], '', /no stage 7 before/],
    [
      'that mounts a later stage',
      ['FROM a', 'RUN --mount=from=x,target=/y z', 'FROM a AS x'],
      '0',
      /comes later/,
    ],
    [
      'of a base without a name',
      ['FROM a', 'FROM $X'],
      '',
      /^FROM on line 2: base name \(\$X\) should not be blank$/,
    ],
    [
      'for a platform that is none',
      ['FROM --platform=arm64 a'],
      '',
      /^FROM on line 1: invalid platform "arm64"/,
    ],
    ['for a platform without a name', ['FROM --platform=$X a'], '', /invalid platform ""/],
    [
      'of more stages than anybody writes',
      Array.from({ length: 501 }, () => 'FROM a'),
      '',
      /more than 500 stages/,
    ],
  ])('%s', (_, lines, target, message) => {
    expect(() => plan(lines, { target })).toThrow(PlanError);
    expect(() => plan(lines, { target })).toThrow(message);
  });

  it('for a variable that must be set', () => {
    expect(() => plan(['FROM ${X:?unset}'])).toThrow(new SubstitutionError('X: unset'));
  });

  it('not for what is wrong in stages that nobody needs', () => {
    expect(outline(['FROM $X AS x', 'COPY --from=x a b', 'FROM b'])).toEqual(['1: b <>']);
  });
});
