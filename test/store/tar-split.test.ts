import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { CompiledCrc64, type Crc64, createCrc64 } from '../../src/store/tar-split-crc64.js';
import { TarSplitError } from '../../src/store/errors.js';
import { openBelow, reassembleTar } from '../../src/store/tar-split-reader.js';
import { TarSplitWriter } from '../../src/store/tar-split-writer.js';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'imaged-recipe-'));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function sum(crc: Crc64, ...parts: Buffer[]): string {
  crc.reset();
  for (const part of parts) crc.update(part, 0, part.length);
  const bytes = Buffer.alloc(8);
  crc.digest(bytes);
  return bytes.toString('hex');
}

/** Bit by bit, as the definition says. */
function slowSum(bytes: Buffer): string {
  let remainder = 0xffffffffffffffffn;
  for (const byte of bytes) {
    remainder ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) {
      remainder = (remainder & 1n) === 0n ? remainder >> 1n : (remainder >> 1n) ^ 0xd800000000000000n;
    }
  }
  return (remainder ^ 0xffffffffffffffffn).toString(16).padStart(16, '0');
}

describe.each([
  ['the one in use', createCrc64()],
  ['the one without a library', new CompiledCrc64()],
])('the CRC-64 of tar-split, %s,', (_, crc) => {
  it('has the check value of ISO 3309', () => {
    expect(sum(crc, Buffer.from('123456789'))).toBe('b90956c775a41001');
  });

  it('is that of the definition, in however many parts the bytes come', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (array, at) => {
        const bytes = Buffer.from(array);
        expect(sum(crc, bytes.subarray(0, at), bytes.subarray(at))).toBe(slowSum(bytes));
      }),
    );
  });

  it('takes more than fits into its window', () => {
    const bytes = Buffer.alloc(200_003, 'more than a window of bytes');
    expect(sum(crc, bytes)).toBe(sum(crc, bytes.subarray(0, 77_777), bytes.subarray(77_777)));
  });
});

describe('a recipe', () => {
  const write = async (fill: (writer: TarSplitWriter) => void): Promise<Record<string, unknown>[]> => {
    const path = join(root, 'recipe.gz');
    const writer = new TarSplitWriter(path);
    fill(writer);
    writer.end();
    await writer.finish();
    const lines = gunzipSync(readFileSync(path)).toString().trimEnd().split('\n');
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  const raw = (writer: TarSplitWriter, text: string | Buffer): void => {
    const bytes = Buffer.from(text as string);
    writer.raw(bytes, 0, bytes.length);
  };

  it('has one segment before each file, a checksum for content and null without', async () => {
    const records = await write((writer) => {
      raw(writer, 'head');
      raw(writer, 'er');
      writer.entry('usr/', 0);
      raw(writer, 'second');
      writer.entry('usr/suid', 9);
      writer.content(Buffer.from('-1234'), 1, 5);
      writer.content(Buffer.from('56789'), 0, 5);
      raw(writer, 'end');
    });
    expect(records).toEqual([
      { type: 2, payload: Buffer.from('header').toString('base64'), position: 0 },
      { type: 1, name: 'usr/', payload: null, position: 1 },
      { type: 2, payload: Buffer.from('second').toString('base64'), position: 2 },
      { type: 1, name: 'usr/suid', size: 9, payload: 'uQlWx3WkEAE=', position: 3 },
      { type: 2, payload: Buffer.from('end').toString('base64'), position: 4 },
    ]);
  });

  it('names files by text if it is UTF-8 and by bytes if not', async () => {
    const names = ['plain', 'caf\u00e9 \u263a "quoted" \\ \n<&>', '\u{1f600}'];
    const records = await write((writer) => {
      for (const name of names) writer.entry(Buffer.from(name).toString('latin1'), 0);
      writer.entry('caf\xe9', 0);
      writer.entry('', 0);
    });
    const files = records.filter(({ type }) => type === 1);
    expect(files.slice(0, 3).map(({ name }) => name)).toEqual(names);
    expect(files[3]).toMatchObject({ name_raw: 'Y2Fm6Q==' });
    expect(files[3]).not.toHaveProperty('name');
    expect(Object.keys(files[4] ?? {})).toEqual(['type', 'payload', 'position']);
  });

  it('divides what is longer than a mebibyte and loses none of it', async () => {
    const bytes = Buffer.from(Array.from({ length: 2_500_000 }, (_, i) => (i * 7 + (i >> 9)) & 0xff));
    const name = 'n'.repeat(700_000);
    const records = await write((writer) => {
      for (let i = 0; i < bytes.length; i += 99_991) writer.raw(bytes, i, Math.min(bytes.length, i + 99_991));
      writer.entry(name, 0);
    });
    const segments = records
      .filter(({ type }) => type === 2)
      .map(({ payload }) => Buffer.from(String(payload), 'base64'));
    expect(Math.max(...segments.map(({ length }) => length))).toBe(1024 * 1024);
    expect(Buffer.concat(segments).equals(bytes)).toBe(true);
    expect(records.at(-1)).toMatchObject({ name, position: segments.length });
  });

  it('refuses to overwrite a file', () => {
    writeFileSync(join(root, 'there'), '');
    expect(() => new TarSplitWriter(join(root, 'there'))).toThrow(
      expect.objectContaining({ code: 'EEXIST' }),
    );
  });
});

describe('putting a tar together', () => {
  const collect = async (lines: readonly object[]): Promise<string> => {
    const path = join(root, 'recipe.gz');
    writeFileSync(path, gzipSync(lines.map((line) => `${JSON.stringify(line)}\n`).join('')));
    let text = '';
    const diff = openSync(root, 'r');
    try {
      for await (const chunk of reassembleTar(path, openBelow(diff))) text += chunk.toString();
    } finally {
      closeSync(diff);
    }
    return text;
  };
  const file = { type: 1, name: 'f', size: 9, payload: 'uQlWx3WkEAE=' };

  it('copies segments and files in their order', async () => {
    writeFileSync(join(root, 'f'), '123456789');
    expect(await collect([{ type: 2, payload: 'aGVhZA==' }, file, { type: 2, payload: '' }])).toBe(
      'head123456789',
    );
  });

  it.each([
    ['changed', '12345678x'],
    ['shortened', '1234'],
  ])('fails for a file that was %s', async (_, content) => {
    writeFileSync(join(root, 'f'), content);
    await expect(collect([file])).rejects.toThrow(TarSplitError);
  });

  it('follows links inside the layer only', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'imaged-outside-'));
    try {
      mkdirSync(join(root, 'real'));
      writeFileSync(join(root, 'real/f'), '123456789');
      writeFileSync(join(outside, 'f'), '123456789');
      symlinkSync('/real', join(root, 'inside'));
      symlinkSync(outside, join(root, 'out'));
      symlinkSync(join(outside, 'f'), join(root, 'last'));
      expect(await collect([{ ...file, name: 'inside/f' }])).toBe('123456789');
      await expect(collect([{ ...file, name: 'out/f' }])).rejects.toMatchObject({ code: 'ENOENT' });
      await expect(collect([{ ...file, name: 'last' }])).rejects.toMatchObject({ code: 'ELOOP' });
      await expect(collect([{ ...file, name: '../imaged-outside/f' }])).rejects.toMatchObject({
        code: 'ENOENT',
      });
      await expect(collect([{ ...file, name: 'real' }])).rejects.toThrow(TarSplitError);
    } finally {
      rmSync(outside, { recursive: true });
    }
  });

  it('fails for a record it does not know', async () => {
    await expect(collect([{ type: 3 }])).rejects.toThrow(TarSplitError);
  });

  const collectText = async (recipe: Buffer): Promise<string> => {
    const path = join(root, 'recipe.gz');
    writeFileSync(path, recipe);
    const chunks: Buffer[] = [];
    const diff = openSync(root, 'r');
    try {
      for await (const chunk of reassembleTar(path, openBelow(diff))) chunks.push(Buffer.from(chunk));
    } finally {
      closeSync(diff);
    }
    return Buffer.concat(chunks).toString('latin1');
  };

  it('gives all of what is longer than its chunks, and whose last line has no end', async () => {
    const content = Buffer.from(Array.from({ length: 700_001 }, (_, i) => (i * 13 + (i >> 8)) & 0xff));
    writeFileSync(join(root, 'large'), content);
    const crc = Buffer.from(sum(createCrc64(), content), 'hex').toString('base64');
    const segment = content.subarray(0, 600_000);
    const lines = [
      { type: 2, payload: segment.toString('base64') },
      { type: 2, payload: 'aGVhZA==' },
      { type: 1, name: 'large', size: content.length, payload: crc },
    ];
    const recipe = gzipSync(lines.map((line) => JSON.stringify(line)).join('\n'));
    const expected = Buffer.concat([segment, Buffer.from('head'), content]).toString('latin1');
    expect((await collectText(recipe)) === expected).toBe(true);
  });

  it('reads records however they are written', async () => {
    const recipe =
      '{"payload": "aGVhZA==", "type": 2}\n\n{"type":2,"payload":"Pz8\\/"}\n{"type":2,"payload":null}\n';
    expect(await collectText(gzipSync(recipe))).toBe('head???');
  });

  it.each([
    ['no JSON', gzipSync('{"type":2,"payload":"aGVh'), TarSplitError],
    ['a line without end', gzipSync(Buffer.alloc(20_000_000, 'x')), TarSplitError],
    ['no gzip', Buffer.from('{}'), /incorrect header check/],
    ['cut off', gzipSync('{"type":2,"payload":"aGVhZA=="}\n').subarray(0, 30), /unexpected end of file/],
  ])('fails for a recipe that is %s', async (_, recipe, error) => {
    await expect(collectText(recipe)).rejects.toThrow(error);
  });

  it('fails for a recipe that is not there', async () => {
    const nothing = reassembleTar(join(root, 'none'), () => -1);
    await expect(nothing.next()).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
