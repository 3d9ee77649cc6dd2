import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { TarFormatError } from '../../src/archive/errors.js';
import { parsePaxRecords } from '../../src/archive/pax.js';
import { paxRecord } from './tar-builder.js';

describe('pax records', () => {
  it('are read back as they were written, whatever bytes a value has', () => {
    const key = fc
      .stringMatching(/^[a-zA-Z.]{1,20}$/)
      .filter((text) => !/^(path|linkpath|[ug]name)$/.test(text));
    const records = fc.array(fc.tuple(key, fc.uint8Array({ maxLength: 300 })), { maxLength: 8 });
    fc.assert(
      fc.property(records, (made) => {
        const data = Buffer.concat(made.map(([name, value]) => paxRecord(name, Buffer.from(value))));
        const read = parsePaxRecords(data).map(({ key: name, value }) => [name, [...value]]);
        expect(read).toEqual(made.map(([name, value]) => [name, [...value]]));
      }),
    );
  });

  it.each([
    ['no length', 'path=x\n'],
    ['no newline at the end', '8 path=x'],
    ['a length past the end', '99 path=x\n'],
    ['a length that is too short', '4 path=x\n'],
    ['no key', '5 =x\n'],
    ['no equals sign', '9 pathxx\n'],
    ['a huge length', '99999999999999999999 path=x\n'],
    ['NUL in a path', '11 path=a\0b\n'],
    ['NUL in a key', '9 pa\0h=x\n'],
  ])('with %s are refused', (_, text) => {
    expect(() => parsePaxRecords(Buffer.from(text, 'latin1'))).toThrow(TarFormatError);
  });
});
