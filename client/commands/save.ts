// imagectl save: an image into an archive or a directory of this host.
import { randomBytes } from 'node:crypto';
import { open, readdir, rename, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Command } from 'commander';
import { atLeast } from '../arguments.js';
import { write } from '../bridge/stdio.js';
import { withConnection } from '../connection.js';
import { IoPodmanClient } from '../../src/generated/io-podman.js';
import type { Context } from '../context.js';
import { idleFlags, refuseFlags } from '../refused-flags.js';
import { CommandError } from '../errors.js';
import { followLog, withProgress } from '../progress/progress.js';
import { systemText } from '../payload.js';
import { downloadArchive, receiveFile } from '../transfer.js';
import { Unfinished } from '../unfinished.js';
import { unpackFiles } from '../unpack-files.js';

interface SaveOptions {
  readonly compress?: boolean;
  readonly format: string;
  readonly output?: string;
  readonly quiet?: boolean;
}

const directoryFormats: ReadonlySet<string> = new Set(['oci-dir', 'docker-dir']);
const formats: readonly string[] = ['oci-dir', 'oci-archive', 'docker-dir', 'docker-archive'];

export function defineSave(command: Command, context: Context): void {
  command
    .description('Save image to an archive')
    .usage('[options] IMAGE [NAME...]')
    .argument('[image...]')
    .option('--compress', 'Compress the layers of a directory')
    .option('--format <format>', 'oci-archive, oci-dir, docker-archive or docker-dir', 'docker-archive')
    .option('-o, --output <file>', 'Write to a specified file (default: stdout, which must be redirected)')
    .option('-q, --quiet', 'Suppress the output')
    .action((words: string[], options: SaveOptions) => save(context, words, options));
  refuseFlags(command, 'save');
  idleFlags(command, '--uncompressed');
}

async function save(context: Context, words: readonly string[], options: SaveOptions): Promise<void> {
  const [name, ...moreTags] = atLeast(1, words);
  const { compress = false, format, output = '', quiet = false } = options;
  if (!formats.includes(format)) throw new CommandError(`format value must be one of ${formats.join(' ')}`);
  const toDirectory = directoryFormats.has(format);
  using directory = new Unfinished();
  await demandRoom(context, format, output, toDirectory ? directory : undefined);
  await withConnection(context, context.signal, (connection) =>
    withProgress(context, { kind: 'save', target: name, quiet }, async (progress) => {
      if (toDirectory) {
        const client = new IoPodmanClient(connection);
        const request = { name, moreTags, format, compress, quiet, output, outputType: '' };
        const handle = await followLog(progress, client.imageSaveMore({ options: request }));
        await unpackFiles(progress.receiving(output, receiveFile(client, handle)), output);
        return;
      }
      const kind = format === 'oci-archive' ? 'oci' : 'docker';
      const request = { name, format: kind, names: moreTags } as const;
      const bytes = downloadArchive(connection, request, (line) => progress.log(line));
      const received = progress.receiving(output === '' ? 'standard output' : output, bytes);
      if (output === '') await toOutput(context, received);
      else await toFile(received, output);
    }),
  );
  directory.keep();
}

/** Complains before anything is done. The directory of the formats that are one is there afterwards. */
async function demandRoom(
  { stdio, stdout }: Context,
  format: string,
  output: string,
  directory: Unfinished | undefined,
): Promise<void> {
  if (output === '') {
    if (directory !== undefined) throw new CommandError(`--format ${format} requires --output`);
    const { isTTY } = stdio().output as { readonly isTTY?: boolean };
    if (isTTY === true || stdout.isTTY === true) {
      throw new CommandError('refusing to save to terminal. Use -o flag or redirect');
    }
    return;
  }
  if (directory !== undefined) {
    made(output, () => directory.directory(output));
    if ((await readdir(output)).length > 0) throw new CommandError(`${output}: the directory is not empty`);
    return;
  }
  const found = await stat(output).catch(() => undefined);
  if (format === 'docker-archive' && found?.isFile() === true && found.size > 0) {
    throw new CommandError("docker-archive doesn't support modifying existing images");
  }
}

async function toOutput({ stdio, signal }: Context, bytes: AsyncIterable<Buffer>): Promise<void> {
  const { output } = stdio();
  for await (const chunk of bytes) await write(output, chunk, signal);
}

/** The file is there as a whole or not at all, unless it is a device or a pipe. */
async function toFile(bytes: AsyncIterable<Buffer>, path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && !found.isFile()) {
    await writeTo(bytes, path, 'w');
    return;
  }
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  using unfinished = new Unfinished();
  made(path, () => unfinished.file(temporary));
  await writeTo(bytes, temporary, 'r+');
  await rename(temporary, path);
  unfinished.keep();
}

async function writeTo(bytes: AsyncIterable<Buffer>, path: string, flags: string): Promise<void> {
  const file = await open(path, flags).catch(failed(path));
  try {
    for await (const chunk of bytes) await file.writeFile(chunk);
  } finally {
    await file.close();
  }
}

function made(path: string, make: () => void): void {
  try {
    make();
  } catch (error) {
    failed(path)(error);
  }
}

function failed(path: string): (cause: unknown) => never {
  return (cause) => {
    throw new CommandError(`open ${path}: ${systemText(cause)}`, undefined, { cause });
  };
}
