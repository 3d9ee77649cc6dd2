import { describe, expect, it } from '@jest/globals';

import { ImageDraft } from '../../src/build/image-draft.js';
import { StageVariables, type BuildVariables } from '../../src/build/stage-variables.js';

const platform = { os: 'linux', architecture: 'amd64' };

function variables(
  given: { readonly buildArgs?: object; readonly globals?: object; readonly platform?: object } = {},
): { readonly draft: ImageDraft; readonly stage: StageVariables; readonly build: BuildVariables } {
  const map = (values: object = {}): ReadonlyMap<string, string> => new Map(Object.entries(values));
  const build = {
    buildArgs: map(given.buildArgs),
    globals: map(given.globals),
    platform: map(given.platform),
    escape: '\\',
  };
  const draft = new ImageDraft(undefined, platform);
  return { draft, stage: new StageVariables(build, draft), build };
}

describe('StageVariables', () => {
  it('shows no argument that was not declared', () => {
    const { stage } = variables({
      buildArgs: { A: '1' },
      globals: { B: '2' },
      platform: { TARGETOS: 'linux' },
    });
    for (const name of ['A', 'B', 'TARGETOS']) expect(stage.scope().get(name)).toBeUndefined();
    for (const name of ['A', 'B', 'TARGETOS']) stage.declare(name, undefined);
    expect(stage.inForce()).toEqual([
      ['A', '1'],
      ['B', '2'],
      ['TARGETOS', 'linux'],
    ]);
  });

  it('takes the value of the request before the default, and the default before the global one', () => {
    const { stage } = variables({ buildArgs: { A: 'request' }, globals: { A: 'global', B: 'global' } });
    stage.declare('A', 'default');
    stage.declare('B', 'default');
    expect(stage.inForce()).toEqual([
      ['A', 'request'],
      ['B', 'default'],
    ]);
  });

  it('leaves an argument unset that has no value anywhere', () => {
    const { stage } = variables();
    stage.declare('A', undefined);
    expect(stage.scope().get('A')).toBeUndefined();
    expect(stage.inForce()).toEqual([]);
  });

  it('lets ENV win, before and after the declaration', () => {
    const { stage, draft } = variables({ buildArgs: { A: 'arg' } });
    draft.setVariable('A', 'env');
    stage.declare('A', undefined);
    expect(stage.scope().get('A')).toBe('env');
    expect(stage.inForce()).toEqual([['A', 'env']]);
    expect(stage.environment()).toContain('A=env');
    expect(stage.environment().filter((entry) => entry.startsWith('A='))).toHaveLength(1);
  });

  it('gives proxies to RUN and to substitution, and to the history only when they are declared', () => {
    const { stage } = variables({ buildArgs: { HTTP_PROXY: 'http://p', no_proxy: 'x' } });
    expect(stage.environment()).toEqual(expect.arrayContaining(['HTTP_PROXY=http://p', 'no_proxy=x']));
    expect(stage.scope().get('HTTP_PROXY')).toBe('http://p');
    expect(stage.inForce()).toEqual([]);
    stage.declare('HTTP_PROXY', undefined);
    expect(stage.inForce()).toEqual([['HTTP_PROXY', 'http://p']]);
  });

  it('inherits the arguments of the stage it begins with', () => {
    const { stage, build } = variables();
    stage.declare('A', '1');
    const draft = new ImageDraft(undefined, platform);
    const next = new StageVariables(build, draft, stage);
    next.declare('B', '2');
    expect(next.inForce()).toEqual([
      ['A', '1'],
      ['B', '2'],
    ]);
    expect(stage.inForce()).toEqual([['A', '1']]);
  });
});
