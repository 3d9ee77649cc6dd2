// docs/imagectl.md is what the command tree makes of it.
import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';

import { commandReference } from '../../src/packaging/pages/command-reference.js';
import { commandTree } from './support/whole-program.js';

it('the reference of imagectl has every command and option: npm run docs', async () => {
  expect(commandReference(await commandTree())).toBe(await readFile('docs/imagectl.md', 'utf8'));
});
