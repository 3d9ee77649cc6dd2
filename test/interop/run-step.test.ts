import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';

import { makeBusyboxRoot, removeRoot, run } from './support/run-step.js';

describe('RUN', () => {
  let root: string;
  beforeAll(() => {
    root = makeBusyboxRoot();
  });
  afterAll(() => removeRoot(root));

  test('gives the output and the exit status of its command', async () => {
    const { status, output } = await run(root, { args: ['/bin/sh', '-c', 'echo out; echo err >&2; exit 7'] });
    expect({ status, output }).toEqual({ status: 7, output: 'out\nerr\n' });
  });

  test('leaves nothing in the root that was made to mount at', async () => {
    const { status } = await run(root, { args: ['/bin/true'] });
    expect(status).toBe(0);
    expect(readdirSync(root)).toEqual(['bin']);
  });
});
