// Builds whose service or client is killed at any moment.
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';

import { crashBuilds } from './support/build-crashes.js';
import { Workshop } from './support/workshop.js';

// 200 are for the soak.
const kills = Number(process.env['IMAGED_BUILD_KILLS'] ?? '20');

jest.setTimeout(60_000 + kills * 15_000);

let workshop: Workshop;

beforeEach(async () => {
  workshop = await Workshop.open();
});

afterEach(async () => {
  await workshop?.close();
});

it(`leaves no mount, process, record or file of ${kills} builds that were ended`, async () => {
  const { during, problems } = await crashBuilds(workshop, kills);
  expect(problems).toEqual([]);
  expect(during).toBeGreaterThan(kills / 3);
});
