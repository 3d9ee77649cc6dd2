// Every recipe is followed as its reader would; what holds for all pages is in pages.test.ts.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { blocksIn, followed, isRecipe } from './pages/documentation.js';
import { follow } from './pages/follow.js';
import { type Hub, openHub } from './pages/hub.js';

jest.setTimeout(120_000);

describe('the commands of', () => {
  let hub: Hub;
  beforeAll(async () => {
    hub = await openHub();
  });
  afterAll(() => hub?.close());

  it.each(followed.filter(isRecipe))('%s do what the page says', async (page) => {
    expect(await follow(page, blocksIn(page), hub.directory)).toEqual([]);
  });
});
