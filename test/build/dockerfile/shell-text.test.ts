import { expect, it } from '@jest/globals';
import type { RunInstruction } from '../../../src/build/dockerfile/instruction.js';
import { parseInstruction } from '../../../src/build/dockerfile/parse-dockerfile.js';
import { shellText } from '../../../src/build/dockerfile/shell-text.js';

it.each([
  ['a text without here-document is given as it is', 'RUN a b', { kind: 'text', text: 'a b' }],
  ['a here-document alone is the text', 'RUN <<E\na\nb\nE', { kind: 'text', text: 'a\nb\n' }],
  [
    'one that begins with #! is a script',
    'RUN <<E\n#!/bin/x\na\nE',
    { kind: 'script', content: '#!/bin/x\na\n' },
  ],
  ['one next to a command stays below it', 'RUN cat <<E\n#!x\nE', { kind: 'text', text: 'cat <<E\n#!x\nE' }],
  ['two stay below the line', 'RUN <<A <<B\na\nA\nb\nB', { kind: 'text', text: '<<A <<B\na\nA\nb\nB' }],
])('%s', (_, text, expected) => {
  const { command } = parseInstruction(text, '\\') as RunInstruction;
  expect(command.form === 'shell' && shellText(command)).toEqual(expected);
});
