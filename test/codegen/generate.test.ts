// What the generator writes is what is committed.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { generate } from '../../src/codegen/generate.js';

const root = join(import.meta.dirname, '../..');
const golden = join(import.meta.dirname, 'golden');
const goldenRpc = '../../../src/rpc/index.js';

function committed(directory: string, name: string): string {
  const path = join(directory, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : '(not committed)';
}

describe('generate', () => {
  it.each(['io.podman', 'org.varlink.service', 'io.imaged'])('writes what is committed for %s', (name) => {
    const source = `interfaces/${name}.varlink`;
    const options = { source, rpc: '../rpc/index.js', lenient: name === 'io.podman' };
    const files = generate(readFileSync(join(root, source), 'utf8'), options);
    for (const [file, text] of files) expect(text).toBe(committed(join(root, 'src/generated'), file));
  });

  it.each(['names', 'values', 'flags', 'lenient', 'clashes', 'comments', 'recursion', 'integers'])(
    'writes what is committed for the example of %s',
    (name) => {
      const source = `org.example.${name}.varlink`;
      const options = { source, rpc: goldenRpc, lenient: name === 'lenient' };
      const files = generate(readFileSync(join(golden, source), 'utf8'), options);
      for (const [file, text] of files) expect(text).toBe(committed(golden, file));
    },
  );

  it('leaves no module behind that no interface file gives', () => {
    const sources = readdirSync(join(root, 'interfaces')).map((file) => basename(file, '.varlink'));
    const stems = new Set(sources.map((name) => name.replaceAll('.', '-')));
    const generated = readdirSync(join(root, 'src/generated')).map((file) => file.split('.')[0]);
    expect(generated.filter((stem) => !stems.has(stem ?? ''))).toEqual([]);
  });

  it('embeds the interface file byte for byte, whatever is in it', () => {
    const served = (text: string): unknown => {
      const files = generate(text, { source: 'a.b.varlink', rpc: './rpc.js', lenient: false });
      const literal = /description: (`[^]*`),\n {2}unknownFields: 'refuse',\n/.exec(
        files.get('a-b.ts') ?? '',
      )?.[1];
      // oxlint-disable-next-line no-new-func, typescript/no-implied-eval -- the literal is JavaScript
      return new Function(`return ${literal}`)();
    };
    const text = '\ufeff# `${x}` \\n \\ */ \u2028\r\ninterface a.b\r\n\tmethod M()\u2029-> ()# end';
    expect(served(text)).toBe(text);
    const piece = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('`', '$', '{', '\\', '*/', "'", '"', '\0'),
    );
    fc.assert(
      fc.property(fc.array(piece), fc.constantFrom('\n', '\r\n', '\r', '\u2028'), (pieces, end) => {
        const line = pieces.join('').replaceAll(/[\n\r\u2028\u2029]/g, '');
        const description = `# ${line}${end}interface a.b${end}#${line}${end}method M() -> () #${line}`;
        expect(served(description)).toBe(description);
      }),
    );
  });

  it('fails with the position of what is wrong', () => {
    const options = { source: 'a.b.varlink', rpc: './rpc.js', lenient: false };
    expect(() => generate('interface a.b\nmethod M(a: Gone) -> ()', options)).toThrow(
      '2:13: there is no type Gone',
    );
  });
});
