// The page of differences.
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';

import { allCases } from './cases/index.js';
import { differencesPage } from './differences-page.js';

it('is as the cases have it (npm run docs)', () => {
  expect(readFileSync('docs/build-differences.md', 'utf8')).toBe(differencesPage());
});

it('has cases of different names', () => {
  for (const cases of Object.values(allCases)) {
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  }
});
