// Labels of a request as instructions.
import { expect, it } from '@jest/globals';

import { expandWord } from '../../src/build/dockerfile/expand.js';
import { labelSteps } from '../../src/build/request-labels.js';

it('are LABEL instructions as buildah writes them', () => {
  expect(labelSteps(['a=b c', 'quoted="x"', 'none'], '\\').map(({ original }) => original)).toEqual([
    'LABEL "a"="b c"',
    'LABEL "quoted"="\\"x\\""',
    'LABEL "none"=""',
  ]);
});

it.each(['\\', '`'])('are taken as they are, whatever the escape character is (%s)', (escape) => {
  const texts = ['$HOME ${A:-b}', 'it\'s \\ and ` and "', ''];
  const scope = { escape, get: () => 'substituted' };
  const steps = labelSteps(
    texts.map((text) => `key=${text}`),
    escape,
  );
  expect(steps.map(({ pairs }) => expandWord(pairs[0]?.value ?? '', scope))).toEqual(texts);
});
