// The commands of imaged-idl, and how a run of it ends.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkInterface, IdlError, parseInterface, printInterface, readInterface } from '../idl/index.js';
import { generate } from './generate.js';
import { reference } from './reference.js';
import { readSource, SourceError } from './source-file.js';

const usage = `usage: imaged-idl check FILE...
       imaged-idl format [--write] FILE...
       imaged-idl generate FILE... --out DIR [--rpc MODULE] [--lenient]
       imaged-idl docs FILE

check     tells what is wrong with interface files, as FILE:LINE:COLUMN: REASON
format    lays them out with all their comments, on standard output or in place
generate  writes TypeScript modules that import the runtime from MODULE (default imaged/rpc); with
          --lenient, absent fields have their zero values, as in services written in Go
docs      writes a reference in Markdown on standard output

FILE is - for standard input. Exit codes: 0; 1 if something is wrong with a file; 2 for wrong usage.
`;

/** Where a run reads and writes. */
export interface Streams {
  readonly stdin: AsyncIterable<Buffer>;
  readonly stdout: Pick<NodeJS.WritableStream, 'write'>;
  readonly stderr: Pick<NodeJS.WritableStream, 'write'>;
}

/** Arguments that make no sense. */
class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'USAGE';
}

/** Runs a command; `args` begin with its name. Returns the exit code and throws nothing that a user can cause. */
export async function runProgram(args: readonly string[], streams: Streams): Promise<number> {
  try {
    return await command(args, streams);
  } catch (error) {
    if (error instanceof UsageError) {
      streams.stderr.write(`imaged-idl: ${error.message}\n\n${usage}`);
      return 2;
    }
    // What cannot be written, for want of permission or room.
    const { syscall, message } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    streams.stderr.write(`imaged-idl: ${message}\n`);
    return 1;
  }
}

async function command([name, ...args]: readonly string[], streams: Streams): Promise<number> {
  switch (name) {
    case 'check':
      return await check(parsed(args, {}).files, streams);
    case 'format': {
      const { files, options } = parsed(args, { write: { type: 'boolean' } });
      return await format(files, options['write'] === true, streams);
    }
    case 'generate': {
      const { files, options } = parsed(args, {
        out: { type: 'string' },
        rpc: { type: 'string', default: 'imaged/rpc' },
        lenient: { type: 'boolean', default: false },
      });
      const { out, rpc, lenient } = options;
      if (typeof out !== 'string') throw new UsageError('generate: --out DIR is missing');
      return await generateAll(files, { out, rpc: String(rpc), lenient: lenient === true }, streams);
    }
    case 'docs': {
      const { files } = parsed(args, {});
      if (files.length > 1) throw new UsageError('docs: one FILE at a time');
      return await docs(files, streams);
    }
    case '--help':
    case '-h':
      streams.stdout.write(usage);
      return 0;
    default:
      throw new UsageError(name === undefined ? 'a command is missing' : `there is no command ${name}`);
  }
}

interface Option {
  readonly type: 'boolean' | 'string';
  readonly default?: string | boolean;
}

function parsed(
  args: readonly string[],
  options: Readonly<Record<string, Option>>,
): { files: string[]; options: Readonly<Record<string, unknown>> } {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    if (positionals.length === 0) throw new UsageError('a FILE is missing');
    if (positionals.filter((file) => file === '-').length > 1) throw new UsageError('- is there twice');
    return { files: positionals, options: values };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError((error as Error).message, { cause: error });
  }
}

async function check(files: readonly string[], streams: Streams): Promise<number> {
  return await each(files, streams, (text, problem) => {
    for (const error of checkInterface(readInterface(text))) problem(error);
  });
}

async function format(files: readonly string[], write: boolean, streams: Streams): Promise<number> {
  if (write && files.includes('-')) throw new UsageError('format: standard input cannot be written back');
  return await each(files, streams, (text, _, file) => {
    const formatted = printInterface(readInterface(text));
    if (!write) streams.stdout.write(formatted);
    else if (formatted !== text) writeFileSync(file, formatted);
  });
}

async function docs(files: readonly string[], streams: Streams): Promise<number> {
  return await each(files, streams, (text, _, file) => {
    streams.stdout.write(reference(parseInterface(text), file));
  });
}

/** Nothing is written unless all files are good. */
async function generateAll(
  files: readonly string[],
  options: { readonly out: string; readonly rpc: string; readonly lenient: boolean },
  streams: Streams,
): Promise<number> {
  const modules = new Map<string, string>();
  const code = await each(files, streams, (text, problem, file) => {
    for (const [name, module] of generate(text, { ...options, source: file })) {
      if (modules.has(name)) problem(new SourceError(` ${name} is generated from another file already`));
      modules.set(name, module);
    }
  });
  if (code !== 0) return code;
  mkdirSync(options.out, { recursive: true });
  for (const [name, module] of modules) writeFileSync(join(options.out, name), module);
  return 0;
}

type Problem = (error: IdlError | SourceError) => void;

/** Does something with the text of every file, and tells what is wrong with it. */
async function each(
  files: readonly string[],
  streams: Streams,
  use: (text: string, problem: Problem, file: string) => void,
): Promise<number> {
  let code = 0;
  for (const file of files) {
    const problem = (error: IdlError | SourceError): void => {
      streams.stderr.write(`${file}:${error.message}\n`);
      code = 1;
    };
    try {
      use(await readSource(file, streams.stdin), problem, file);
    } catch (error) {
      if (!(error instanceof IdlError) && !(error instanceof SourceError)) throw error;
      problem(error);
    }
  }
  return code;
}
