// Hazards of the tar itself, and of its compression.
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { file, oldDockerMembers, podmanMembers } from '../../archive/images.js';
import { entryOf, extension, header, padded, tarOf } from '../../archive/tar-builder.js';
import { docker, dockerBytes, replaced, parts, none, mebibyte, type Hazard, bomb } from './hazard.js';

function sizeField(text: string | Buffer): Buffer {
  const field = Buffer.alloc(12);
  (typeof text === 'string' ? Buffer.from(text) : text).copy(field);
  return field;
}

const whole = (): Buffer => tarOf(...podmanMembers(parts));

export const tarHazards: readonly Hazard[] = [
  dockerBytes('an empty file', /manifest\.json: file does not exist/, () => Buffer.alloc(0)),
  dockerBytes('nothing but the end of an archive', /manifest\.json: file does not exist/, () =>
    Buffer.alloc(10_240),
  ),
  dockerBytes('random bytes', /checksum|octal/, () => Buffer.alloc(4096, 'random')),
  dockerBytes('less than a header', /middle of an entry/, () => whole().subarray(0, 300)),
  docker('a size that is no number', /not octal/, (list) => [
    { ...file('a', ''), size: sizeField('0000000009x') },
    ...list,
  ]),
  docker('a negative size', /negative/, (list) => [
    { ...file('a', ''), size: sizeField(Buffer.alloc(12, 0xff)) },
    ...list,
  ]),
  docker('a size past all numbers', /too large/, (list) => [
    {
      ...file('a', ''),
      size: sizeField(Buffer.from([0x80, 0, 0, 0x7f, 255, 255, 255, 255, 255, 255, 255, 255])),
    },
    ...list,
  ]),
  docker('a size of eight pebibytes', /middle of an entry/, (list) => [
    {
      ...file('a', ''),
      size: sizeField(Buffer.from([0x80, 0, 0, 0, 0, 0x1f, 255, 255, 255, 255, 255, 255])),
    },
    ...list,
  ]),
  docker(
    'a size beyond the file',
    /middle of an entry/,
    replaced('repositories', { ...file('repositories', '{}'), size: 99_999 }),
  ),
  docker(
    'a manifest.json said to be 8 GiB',
    /middle of an entry/,
    replaced('manifest.json', { ...file('manifest.json', '[]'), size: 8 * 1024 ** 3 - 1 }),
  ),
  docker('a pax size that reaches into the next member', /checksum|octal|middle|manifest/, (list) => [
    { ...file('a', 'x'), pax: { size: '700' } },
    ...list,
  ]),
  docker('a pax size that is negative', /negative/, (list) => [
    { ...file('a', 'x'), pax: { size: '-1' } },
    ...list,
  ]),
  docker('a pax size that is no number', /no number/, (list) => [
    { ...file('a', 'x'), pax: { size: '0x10' } },
    ...list,
  ]),
  docker('a pax path with NUL', /NUL/, (list) => [
    { ...file('a', 'x'), pax: { path: 'manifest.json\0' } },
    ...list,
  ]),
  docker('a pax path above the archive', /climbs above/, (list) => [
    { ...file('a', 'x'), pax: { path: '../../canary/file' } },
    ...list,
  ]),
  dockerBytes('a pax header that is no record', /pax record/, () =>
    Buffer.concat([extension('x', Buffer.from('999 path=a\n')), whole()]),
  ),
  docker('a sparse member', /sparse/, (list) => [{ ...file('a', ''), type: 'S' }, ...list]),
  docker('a sparse member by pax', /sparse/, (list) => [
    { ...file('a', ''), pax: { 'GNU.sparse.major': '1' } },
    ...list,
  ]),
  dockerBytes('a wrong checksum', /wrong checksum/, () => {
    const bytes = whole();
    bytes[0]! ^= 1;
    return bytes;
  }),
  dockerBytes('a header behind half of an end', /follows the end/, () =>
    Buffer.concat([Buffer.alloc(512), whole()]),
  ),
  dockerBytes('another archive behind the end', 'same', () =>
    Buffer.concat([whole(), tarOf(file('manifest.json', '[]'))]),
  ),
  dockerBytes('garbage behind the end', 'same', () => Buffer.concat([whole(), Buffer.alloc(5000, 'x')])),
  dockerBytes('no end', 'same', () => whole().subarray(0, -1024)),
  dockerBytes('a global header called manifest.json', 'same', () =>
    Buffer.concat([header({ name: 'manifest.json', type: 'g', content: '', ...none }), whole()]),
  ),
  dockerBytes('a long name of 1 MiB', /more than 65536 bytes/, () =>
    Buffer.concat([extension('L', Buffer.alloc(mebibyte, 'a')), whole()]),
  ),
  dockerBytes('a long name without a member', /extension header has no entry|middle of an entry/, () =>
    Buffer.concat([whole().subarray(0, -1024), extension('L', Buffer.from('name\0')), Buffer.alloc(1024)]),
  ),
  dockerBytes('a hundred thousand members and one', /more than 100000 entries/, () => {
    const empty = entryOf(file('x', ''));
    return Buffer.concat([...Array<Buffer>(100_001).fill(empty), whole()]);
  }),
  dockerBytes('names of 17 MiB', /more than 16777216 bytes/, () => {
    const names = Array.from({ length: 4500 }, (_, number) => `${'n'.repeat(250)}/`.repeat(16) + number);
    return Buffer.concat([
      ...names.map((name) =>
        Buffer.concat([extension('L', Buffer.from(`${name}\0`)), entryOf(file('x', ''))]),
      ),
      whole(),
    ]);
  }),
  dockerBytes('gzip that is cut', /gzip/, () => gzipSync(whole()).subarray(0, -20)),
  dockerBytes('gzip that is cut at once', /gzip|end of file/, () => gzipSync(whole()).subarray(0, 5)),
  dockerBytes('gzip with a wrong checksum', /gzip/, () => {
    const bytes = gzipSync(whole());
    bytes[bytes.length - 6]! ^= 1;
    return bytes;
  }),
  dockerBytes('gzip that unzips to a thousand times its size', /more than 1000 times/, () => {
    const member = header({ name: 'zeros', size: 17 * 64 * mebibyte, ...none });
    return Buffer.concat([gzipSync(member), bomb()]);
  }),
  dockerBytes('gzip of nothing', /manifest\.json: file does not exist/, () => gzipSync(Buffer.alloc(0))),
  dockerBytes('xz that is none', /xz/i, () =>
    Buffer.concat([Buffer.from('fd377a585a00', 'hex'), Buffer.alloc(500)]),
  ),
  dockerBytes('zstd that is none', /zstd|Decoding error/i, () =>
    Buffer.concat([Buffer.from('28b52ffd', 'hex'), Buffer.alloc(500, 255)]),
  ),
  dockerBytes('bzip2 that is none', /bzip2/i, () => Buffer.concat([Buffer.from('BZh9'), Buffer.alloc(500)])),
  {
    name: 'a directory',
    form: 'docker-archive',
    outcome: /is not a regular file/,
    make: (path) => mkdirSync(path),
  },
  {
    name: 'a pipe that nobody writes to',
    form: 'docker-archive',
    outcome: /is not a regular file/,
    make: (path) => void execFileSync('mkfifo', [path]),
  },
  {
    name: 'a device without an end',
    form: 'docker-archive',
    outcome: /is not a regular file/,
    make: (path) => symlinkSync('/dev/zero', path),
  },
];

/** An archive, and where it is cut: at each of its blocks, and within them. */
export function cutArchive(): {
  readonly bytes: Buffer;
  readonly cuts: readonly { readonly length: number; readonly readable: boolean }[];
} {
  const list = oldDockerMembers(parts);
  const bytes = tarOf(...list);
  const end = bytes.length - 1024;
  const last = Buffer.from(list.at(-1)!.content!).length;
  const needed = end - padded(Buffer.alloc(last)).length + last;
  // Neither padding nor the end has to be there, but a piece of a block is no block.
  const readable = (length: number): boolean => length >= needed && (length <= end || length % 512 === 0);
  const blocks = Array.from({ length: Math.ceil(bytes.length / 512) }, (_, block) => block * 512);
  const lengths = blocks.flatMap((at) => [at, at + 1, at + 511]);
  return { bytes, cuts: lengths.map((length) => ({ length, readable: readable(length) })) };
}
