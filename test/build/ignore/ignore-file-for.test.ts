import { expect, it } from '@jest/globals';
import { ignoreFileFor } from '../../../src/build/ignore/ignore-file-for.js';

it.each([
  [['Dockerfile', '.dockerignore'], '.dockerignore'],
  [['.dockerignore', '.containerignore'], '.containerignore'],
  [['.containerignore', 'd/Dockerfile.dockerignore'], 'd/Dockerfile.dockerignore'],
  [['d/Dockerfile.dockerignore', 'd/Dockerfile.containerignore'], 'd/Dockerfile.containerignore'],
  [['Dockerfile.dockerignore', 'd/.dockerignore'], undefined],
])('of %j the one that holds is %s', (present, expected) => {
  expect(ignoreFileFor(new Set(present), 'd/Dockerfile')).toBe(expected);
});
