// How methods fail that have nothing else in common.
import { expect } from '@jest/globals';

import type { Example } from './example.js';
import type { Parameters } from './way.js';

/** A store that cannot be read is no empty one. */
export const brokenStore: Example = {
  title: 'of a store that cannot be read',
  stage: 'broken',
  error: 'ErrorOccurred',
  gives: { reason: expect.stringContaining('images.json') },
};

/** What names are answered that mean no image, by every method that takes one (io-podman-api §2.1, §2.2). */
const reasons: readonly (readonly [name: string, reason: string])[] = [
  ['', 'input name is blank'],
  ['no-such', 'unable to find a name and tag match for no-such in repotags: no such image'],
  ['no-such:2', 'unable to find a name and tag match for no-such in repotags: no such image'],
  ['same:1', 'found multiple name and tag matches for same in repotags: no such image'],
  ['quay.io/no/such:1', "unable to find 'quay.io/no/such:1' in local storage: no such image"],
  ['a b', 'invalid reference format'],
  ['quay.io/UPPER', 'repository name must be lowercase'],
];

/** The failures of a method whose parameters are made of the name. */
export function unknownImages(parametersOf: (name: string) => Parameters): Example[] {
  return reasons.map(([name, reason]) => ({
    title: `of an image ${JSON.stringify(name)}`,
    parameters: parametersOf(name),
    error: 'ImageNotFound',
    gives: { id: name, reason },
  }));
}
