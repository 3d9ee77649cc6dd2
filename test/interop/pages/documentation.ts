// The pages of the documentation, as they lie in the checkout.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { type Block, blocksOf, isRun } from './page.js';

export const root = process.cwd();
const below = (directory: string): string[] =>
  existsSync(join(root, directory))
    ? readdirSync(join(root, directory))
        .filter((name) => name.endsWith('.md'))
        .map((name) => `${directory}/${name}`)
    : [];
export const pages: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  'client/README.md',
  'systemd/README.md',
  ...below('docs'),
  ...below('docs/recipes'),
].toSorted();
const texts = new Map(pages.map((page) => [page, readFileSync(join(root, page), 'utf8')]));
const blocks = new Map([...texts].map(([page, text]) => [page, blocksOf(text)]));
export const textOf = (page: string): string => texts.get(page) ?? '';
export const blocksIn = (page: string): readonly Block[] => blocks.get(page) ?? [];
export const followed = pages.filter((page) => blocksIn(page).some(isRun));

/** Recipes are followed by a test of their own, so that both go on side by side. */
export function isRecipe(page: string): boolean {
  return page.startsWith('docs/recipes/');
}
