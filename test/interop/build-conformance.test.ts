// Every case of test/build/conformance, built by imaged and by buildah: the images must be the same but for what is wanted.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { buildah, type Builder, imaged, twoStores } from '../build/conformance/builders.js';
import { allCases } from '../build/conformance/cases/index.js';
import type { ConformanceCase } from '../build/conformance/conformance-case.js';
import { allVariants, runCase, standardVariants } from '../build/conformance/run-case.js';

// All four ways of building are for the thorough: IMAGED_CONFORMANCE=all. `peer` holds buildah against itself.
const mode = process.env['IMAGED_CONFORMANCE'] ?? 'standard';
/** Builds that are under way at once; each of them waits for disks and processes most of the time. */
const lanes = 3;

jest.setTimeout(900_000);

let ours: Builder;
let peer: Builder;
const results = new Map<string, string[]>();

const runs = Object.entries(allCases).flatMap(([group, cases]) =>
  cases.flatMap((one) =>
    (one.variants ?? (mode === 'all' ? allVariants : standardVariants)).map((variant) => ({
      group,
      one,
      variant,
      title: `${one.name} (${variant.layers ? 'layered' : 'single'}, ${variant.format})`,
    })),
  ),
);

beforeAll(async () => {
  const [first, second] = await twoStores();
  ours = mode === 'peer' ? buildah(first) : await imaged(first);
  peer = buildah(second);
  const waiting = runs.values();
  const lane = async (): Promise<void> => {
    for (const { group, one, variant, title } of waiting) {
      const held = mode === 'peer' ? againstItself(one) : one;
      const problems = await runCase(held, variant, { ours, peer }).catch((error: unknown) => [
        String(error),
      ]);
      results.set(`${group} ${title}`, problems);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
});

/** Without what is said of imaged. */
function againstItself({ differs, fails, ...one }: ConformanceCase): ConformanceCase {
  return { ...one, ...differs?.instead, says: /(?:)/, ...(fails === undefined ? {} : { fails: /./ }) };
}

afterAll(async () => {
  await ours?.close();
  await peer?.close();
});

describe.each(Object.keys(allCases))('%s', (group) => {
  it.each(runs.filter((one) => one.group === group).map(({ title }) => title))('%s', (title) => {
    expect(results.get(`${group} ${title}`)).toEqual([]);
  });
});
