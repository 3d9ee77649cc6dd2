// The same policy files, read by us and by skopeo.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { acceptedPolicies, refusedPolicies } from '../signature/policies.js';
import { removeTree, temporaryDirectory } from './support/files.js';
import { run } from './support/process.js';

jest.setTimeout(60_000);

/** What skopeo 1.9 takes and we do not: an empty list of keys is a policy nothing can fulfil, and a typing error. */
const stricter = ['"keyPaths":[]', '"keyPaths":["/k",""]'];
/** What later versions know and it does not. */
const newer = ['"keyPaths":["/k"]}', '"keyDatas":', '"fulcio":{', '"pki":'];

/** Where the two look at things in another order, or say what Go says. */
const otherWords = ['"type":1}', '"Type"'];

const has = (text: string, parts: readonly string[]): boolean => parts.some((part) => text.includes(part));
const inWords = /^(?:Unknown|Duplicate|Default|List|Unrec|Exactly|Key |docker|Invalid format)/;
/** What is meant for whoever wrote the file. */
const sentences = refusedPolicies.filter(
  ([text, reason]) => inWords.test(reason) && !has(text, [...stricter, ...newer, ...otherWords]),
);

let directory: string;
beforeAll(async () => {
  directory = await temporaryDirectory('policies');
});
afterAll(async () => {
  await removeTree(directory);
});

/** What skopeo says of a policy before it looks at any image; undefined when it takes it. */
async function complaint(text: string): Promise<string | undefined> {
  const path = join(directory, 'policy.json');
  await writeFile(path, text);
  const { stderr } = await run('skopeo', [
    '--policy',
    path,
    'copy',
    `dir:${directory}/none`,
    `dir:${directory}/to`,
  ]);
  return /Error loading trust policy: invalid policy in (?<reason>.*)"\n/.exec(stderr)?.groups?.['reason'];
}

describe('a policy file', () => {
  it.each(refusedPolicies.filter(([text]) => !has(text, stricter)))(
    'that we refuse skopeo refuses: %s',
    async (text) => {
      expect(await complaint(text)).toBeDefined();
    },
  );

  it.each(acceptedPolicies.filter((text) => !has(text, newer)).map((text) => [text]))(
    'that we take skopeo takes: %s',
    async (text) => {
      expect(await complaint(text)).toBeUndefined();
    },
  );

  it.each(sentences)('is refused in the same words: %s', async (text, reason) => {
    expect((await complaint(text))?.replaceAll('\\"', '"')).toContain(reason);
  });
});
