// The proof servers' stubs are what the generator writes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

import { generate } from '../../src/codegen/generate.js';

describe('the stubs of the proof servers', () => {
  it.each(['org.example.probe', 'org.varlink.certification'])('are what %s gives', (name) => {
    const source = `${name}.varlink`;
    const options = { source, rpc: '../../../src/rpc/index.js', lenient: false };
    const files = generate(readFileSync(join(import.meta.dirname, source), 'utf8'), options);
    for (const [file, text] of files)
      expect(readFileSync(join(import.meta.dirname, 'generated', file), 'utf8')).toBe(text);
  });
});
