// The events file of a daemon under test.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Each event as its status, its name and its id, as far as it has them. */
export async function eventsOf(store: { readonly directory: string }): Promise<string[]> {
  const text = await readFile(join(store.directory, 'events.log'), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { Status: string; Name?: string; ID?: string })
    .map(({ Status, Name, ID }) => [Status, Name, ID].filter((part) => part !== undefined).join(' '));
}
