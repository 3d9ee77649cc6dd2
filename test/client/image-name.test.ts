// Names in columns, and which names an argument means; checked against podman 4.3.
import { describe, expect, it } from '@jest/globals';
import { matchesName, repositoryAndTag } from '../../client/image-name.js';

const digest = `sha256:${'0'.repeat(64)}`;

describe('repositoryAndTag', () => {
  it.each([
    ['localhost:5000/a/b:1', 'localhost:5000/a/b', '1'],
    ['localhost:5000/a/b', 'localhost:5000/a/b', '<none>'],
    [`docker.io/library/a@${digest}`, 'docker.io/library/a', '<none>'],
    [`docker.io/library/a:1@${digest}`, 'docker.io/library/a', '<none>'],
  ])('splits %s', (name, repository, tag) => {
    expect(repositoryAndTag(name)).toEqual([repository, tag]);
  });
});

describe('matchesName', () => {
  const name = '127.0.0.1:5599/a/b/base:1';
  it.each([
    'base',
    'base:1',
    'a/b/base',
    'a/b/base:1',
    name,
    'ba*',
    'base*',
    '*',
    'b?se',
    '[a-c]ase',
    '*/*/b/base',
  ])('finds it by %s', (pattern) => {
    expect(matchesName(pattern, name)).toBe(true);
  });

  it.each([
    'base:2',
    'b/base',
    'a/b',
    '127*',
    'BASE',
    'as',
    '[^a-c]ase',
    'base.1',
    '127.0.0.1:5599/*',
    'b(',
    'base\\',
  ])('does not find it by %s', (pattern) => {
    expect(matchesName(pattern, name)).toBe(false);
  });

  it('finds a name with a digest with it and without', () => {
    const named = `localhost/dig@${digest}`;
    expect([`dig@${digest}`, 'dig', named].map((pattern) => matchesName(pattern, named))).toEqual([
      true,
      true,
      true,
    ]);
  });
});
