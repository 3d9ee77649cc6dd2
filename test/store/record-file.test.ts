import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { StoreUnreadableError } from '../../src/store/errors.js';
import {
  makeRecord,
  prepareRecords,
  readRecords,
  writeRecords,
  type RawRecord,
  type Records,
} from '../../src/store/record-file.js';

let directory: string;
let path: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imaged-records-'));
  path = join(directory, 'images.json');
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const decode = (raw: RawRecord): string => String(raw['id']);

async function read(content: string | Buffer, previous?: Records<string>): Promise<Records<string>> {
  await writeFile(path, content);
  return await readRecords(path, decode, previous);
}

async function save(records: Records<string>): Promise<string> {
  await writeRecords(path, records);
  return await readFile(path, 'utf8');
}

describe('reading records', () => {
  it.each([
    ['an empty file', ''],
    ['an empty list', '[]'],
    ['the list Go makes of nothing', 'null'],
  ])('finds none in %s', async (_, content) => {
    expect(await read(content)).toEqual([]);
  });

  it('finds none where there is no file', async () => {
    expect(await readRecords(join(directory, 'none.json'), decode)).toEqual([]);
  });

  it('does not mind how the file is laid out', async () => {
    const records = await read('\n[ {"names": ["},{\\"id\\":"], "id": "a"},\n {"id":"b"} ]\n');
    expect(records.map(({ value }) => value)).toEqual(['a', 'b']);
  });

  it('does not take a nested object for a record', async () => {
    const raw = [{ id: 'a', parts: [{ id: 'x' }, { id: 'y' }] }, { id: 'b' }];
    const records = await read(JSON.stringify(raw));
    expect(records.map((record) => record.raw)).toEqual(raw);
  });

  it.each([
    '[{"id":"a"},]',
    '[{"id":"a"}',
    '{"id":"a"}',
    '[{"id":"a"},7]',
    '[{"id":"a"}{"id":"b"}]',
    '[{"id":}]',
    'x',
  ])('refuses %s and says which file it is and what to do', async (content) => {
    const error = await read(content).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(StoreUnreadableError);
    expect((error as Error).message).toContain(path);
    expect((error as Error).message).toContain('restore it from a backup, or move it away and pull again');
  });

  it('refuses a damaged end also if the beginning is known', async () => {
    const previous = await read('[{"id":"a"},{"id":"b"}]');
    await expect(read('[{"id":"a"},]', previous)).rejects.toThrow(StoreUnreadableError);
    await expect(read('[{"id":"a"},{"id":"c"},,{"id":"b"}]', previous)).rejects.toThrow(StoreUnreadableError);
  });

  it('hands out the same objects for records that did not change', async () => {
    const before = await read('[{"id":"a"},{"id":"b"},{"id":"c"}]');
    expect(await read('[{"id":"a"},{"id":"b"},{"id":"c"}]', before)).toBe(before);
    const after = await read('[{"id":"a"},{"id":"B"},{"id":"c"},{"id":"d"}]', before);
    expect(after.map(({ value }) => value)).toEqual(['a', 'B', 'c', 'd']);
    expect(after[0]).toBe(before[0]);
    const without = await read('[{"id":"a"},{"id":"c"}]', before);
    expect(without).toEqual([before[0], before[2]]);
    expect(without[1]).toBe(before[2]);
  });

  it('finds the same records whatever it knows from before', async () => {
    const record = fc.record(
      {
        id: fc.string({ maxLength: 3 }),
        names: fc.array(fc.string({ unit: 'grapheme' })),
        extra: fc.jsonValue(),
      },
      { requiredKeys: ['id'] },
    );
    const list = fc.array(record, { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(list, list, fc.nat(), async (old, inserted, at) => {
        const previous = await read(JSON.stringify(old));
        const next = [
          ...old.slice(0, at % (old.length + 1)),
          ...inserted,
          ...old.slice((at + 2) % (old.length + 1)),
        ];
        const records = await read(JSON.stringify(next), previous);
        expect(records.map(({ raw }) => raw)).toEqual(JSON.parse(JSON.stringify(next)));
        expect(await save(records)).toBe(JSON.stringify(next));
      }),
      { numRuns: 150 },
    );
  });
});

describe('writing records', () => {
  it('writes records it did not make byte for byte, unknown fields and escapes included', async () => {
    const text = '[{"id":"a","future":{"x":[1.0,"\\u003c\\u00e4"]}},{"id":"","strange":true},{"id":"b"}]';
    const records = await read(text);
    const added = makeRecord({ id: 'c' }, decode);
    expect(await save([...records, added])).toBe(`${text.slice(0, -1)},{"id":"c"}]`);
  });

  it('makes the file private and leaves no temporary file', async () => {
    await save([]);
    expect(await readFile(path, 'utf8')).toBe('[]');
    expect((await stat(path)).mode & 0o7777).toBe(0o600);
    expect((await readdir(directory)).filter((name) => name.startsWith('.tmp-'))).toEqual([]);
  });

  it('leaves the old content until the new one is placed', async () => {
    await save([makeRecord({ id: 'old' }, decode)]);
    const prepared = await prepareRecords(path, [makeRecord({ id: 'new' }, decode)], join(directory, 'new'));
    expect(await readFile(path, 'utf8')).toBe('[{"id":"old"}]');
    await prepared.place();
    expect(await readFile(path, 'utf8')).toBe('[{"id":"new"}]');
    expect(await readdir(directory)).toEqual(['images.json']);
  });
});
