// The client's version.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { clientVersion } from '../../client/version.js';

it('is that of the package', async () => {
  const manifest = JSON.parse(await readFile(join(__dirname, '../../package.json'), 'utf8')) as {
    version: string;
  };
  expect(clientVersion).toBe(manifest.version);
});
