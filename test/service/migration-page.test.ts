// docs/migration.md leaves no method and no endpoint out, and sends nobody to a method that is none.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

import { ioImaged } from '../../src/generated/io-imaged.js';
import { ioPodman } from '../../src/generated/io-podman.js';
import { laterEndpoints, restEndpoints } from './rest-endpoints.js';

const page = readFileSync(join(process.cwd(), 'docs', 'migration.md'), 'utf8');

/** The cells of all rows below a heading, without the head of the table. */
function rowsBelow(heading: string): string[][] {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| '));
  return rows.slice(1).map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  );
}

const methods = new Set([
  ...Object.keys(ioPodman.methods),
  ...Object.keys(ioImaged.methods).map((name) => `io.imaged.${name}`),
  'org.varlink.service.GetInfo',
]);

/** Names of methods in a cell that are none. */
function unknownIn(cell = ''): string[] {
  return cell.split(', ').filter((name) => name !== '' && name !== 'the same' && !methods.has(name));
}

describe('the page on migration', () => {
  it('has a row for each method of io.podman, in the order of the interface', () => {
    const rows = rowsBelow('io.podman, method by method');
    expect(rows.map(([method]) => method)).toEqual(Object.keys(ioPodman.methods));
    expect(rows.flatMap(([, call, newer]) => unknownIn(`${call}, ${newer}`))).toEqual([]);
  });

  it('has a row for each endpoint of the REST API', () => {
    const rows = rowsBelow('REST, endpoint by endpoint');
    const named = rows.flatMap(([endpoints = '']) =>
      [...endpoints.matchAll(/`(\w+ \/[^`]*)`/g)].map(([, name = '']) => name),
    );
    expect(named).toHaveLength(new Set(named).size);
    expect(new Set(named)).toEqual(new Set([...restEndpoints, ...laterEndpoints]));
    expect(rows.flatMap(([, call]) => unknownIn(call))).toEqual([]);
  });

  it('says what differs wherever the call is another one', () => {
    const silent = rowsBelow('REST, endpoint by endpoint').filter(([, , differs]) => differs === '');
    expect(silent).toEqual([]);
  });
});
