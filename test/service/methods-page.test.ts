// docs/methods.md says something of every method, and what it says of suites is so.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

import { ioImaged } from '../../src/generated/io-imaged.js';
import { ioPodman } from '../../src/generated/io-podman.js';
import type { InterfaceDescriptor } from '../../src/rpc/index.js';
import { needs } from '../../src/service/access.js';

const page = readFileSync(join(process.cwd(), 'docs', 'methods.md'), 'utf8');

/** The cells of the table below an interface's heading. */
function rowsOf({ name }: InterfaceDescriptor): readonly (readonly string[])[] {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${name}\n`)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| method'));
  return rows.map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

/** The text of a suite, empty if there is none of that name. */
function sourceOf(suite: string): string {
  const file = join(process.cwd(), 'test', `${suite}.test.ts`);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

describe.each<InterfaceDescriptor>([ioPodman, ioImaged])('the table of $name', (descriptor) => {
  const rows = rowsOf(descriptor);

  it('has a row for each method, in the order of the interface, and none beside', () => {
    expect(rows.map(([method]) => method)).toEqual(Object.keys(descriptor.methods));
  });

  it.each(rows)('says which role %s needs', (method, role = '') => {
    const { role: needed, of } = needs.get(`${descriptor.name}.${method}`) ?? {};
    expect(role.replace(/;.*/, '')).toBe(needed);
    expect(role.includes(';')).toBe(of !== undefined);
  });

  it.each(rows)('says what became of %s', (_, _role, state) => {
    expect(state).toMatch(/^(?:as it was|differs: .+|new)/);
  });

  it.each(rows)('%s: the suites exist and call it', (method = '', _role, _state, suites = '') => {
    const handler = descriptor.methods[method]?.handler ?? '';
    // By its name on the wire, or with the generated client.
    const calls = new RegExp(String.raw`['".]${method}['"]|\.${handler}(?:More|Upgrade)?\(`);
    expect(suites).not.toBe('');
    for (const suite of suites.split(', ')) {
      const source = sourceOf(suite);
      expect([suite, calls.test(source)]).toEqual([suite, true]);
    }
  });
});
