// The program: imaged-codegen [--lenient] [--rpc MODULE] --out DIRECTORY FILE…
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { IdlError } from '../idl/index.js';
import { generate } from './generate.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    lenient: { type: 'boolean', default: false },
    rpc: { type: 'string', default: '../rpc/index.js' },
    out: { type: 'string', default: '.' },
  },
});

mkdirSync(values.out, { recursive: true });
for (const source of positionals) {
  try {
    const files = generate(readFileSync(source, 'utf8'), {
      source,
      rpc: values.rpc,
      lenient: values.lenient,
    });
    for (const [name, text] of files) writeFileSync(join(values.out, name), text);
  } catch (error) {
    if (!(error instanceof IdlError)) throw error;
    process.stderr.write(`${source}:${error.message}\n`);
    process.exitCode = 1;
  }
}
