// Every method at both doors, through bytes and through the generated client: what it does, how it fails, and that all four ways agree.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import type { InterfaceDescriptor } from '../../src/rpc/index.js';
import { lastOf, linesOf, made, observe } from './every-method/compare.js';
import type { Example } from './every-method/example.js';
import { examples, type InterfaceExamples } from './every-method/examples.js';
import { Stage } from './every-method/stage.js';
import type { Call } from './every-method/way.js';

jest.setTimeout(120_000);

const stages = new Map<NonNullable<Example['stage']> | 'full', Stage>();

beforeAll(async () => {
  for (const kind of ['full', 'bare', 'broken', 'misconfigured'] as const)
    stages.set(kind, await Stage[kind]());
});

afterAll(async () => {
  for (const stage of stages.values()) await stage.close();
});

function stageOf(example: Example): Stage {
  const kind = example.stage ?? 'full';
  const found = stages.get(kind);
  if (found === undefined) throw new Error(`the stage ${kind} could not be made`);
  return found;
}

type Row = readonly [title: string, mode: Call['mode'], example: Example];

/** A row for each mode in which an example is tried. */
function rows(descriptor: InterfaceDescriptor, name: string, tried: readonly Example[]): Row[] {
  const usual = descriptor.methods[name]?.stream === true ? (['once', 'more'] as const) : (['once'] as const);
  return tried.flatMap((example) =>
    (example.modes ?? usual).map((mode): Row => [
      mode === 'once' ? example.title : `${example.title} (${mode})`,
      mode,
      example,
    ]),
  );
}

describe.each<InterfaceExamples>(examples)('$descriptor.name', ({ descriptor, methods }) => {
  it('has examples of each of its methods', () => {
    expect(Object.keys(methods).toSorted()).toEqual(Object.keys(descriptor.methods).toSorted());
    expect(
      Object.values(methods).map(({ succeeds, fails }) => [succeeds.length, fails.length]),
    ).not.toContainEqual(expect.arrayContaining([0]));
  });

  describe.each(Object.entries(methods))('%s', (name, { succeeds, fails }) => {
    const method = `${descriptor.name}.${name}`;
    const failures = typeof fails === 'string' ? [] : fails;

    it.each(rows(descriptor, name, succeeds))('%s', async (_, mode, example) => {
      const stage = stageOf(example);
      const [first, ...others] = await observe(stage, method, mode, example);
      expect(first?.outcome.error).toBeUndefined();
      expect(lastOf(first?.outcome ?? { replies: [] })).toMatchObject(await made(example.gives, stage));
      expect(first?.effect).toEqual(example.effect?.is);
      expect(others).toHaveLength((example.ways ?? 4) - 1);
      expect(others).toMatchObject(
        others.map(() => ({ lasting: first?.lasting, effect: example.effect?.is })),
      );
    });

    // jest takes a table without rows for a mistake.
    if (failures.length > 0)
      it.each(rows(descriptor, name, failures))('fails %s', async (_, mode, example) => {
        const stage = stageOf(example);
        const [first, ...others] = await observe(stage, method, mode, example);
        const { error = '' } = example;
        expect(first?.outcome.error).toMatchObject({
          name: error.includes('.') ? error : `${descriptor.name}.${error}`,
          parameters: await made(example.gives, stage),
        });
        expect(first?.effect).toEqual(example.effect?.is);
        expect(others).toHaveLength((example.ways ?? 4) - 1);
        expect(others).toMatchObject(
          others.map(() => ({ lasting: first?.lasting, effect: example.effect?.is })),
        );
      });

    const told = descriptor.methods[name]?.stream === true ? succeeds.filter(({ modes }) => !modes) : [];
    if (told.length > 0)
      it.each(told)('has the same lines to tell with more and without: $title', async (example) => {
        const stage = stageOf(example);
        const once = await observe(stage, method, 'once', example);
        const more = await observe(stage, method, 'more', example);
        expect(more.map(linesOf)).toEqual(once.map(linesOf));
      });
  });
});
