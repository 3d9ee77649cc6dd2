// What is shown of a long call while it runs: wrapped around the call by every command that has one.
import type { MoreResponse } from '../../src/generated/io-podman.js';
import type { Context } from '../context.js';
import { printableLines } from '../output/printable.js';
import type { Payload } from '../transfer.js';
import { LiveProgress } from './live-progress.js';
import { watchOperation, type WatchedCall } from './watch-operation.js';

/** Takes what a call says, and the bytes that go through this process. */
export interface Progress {
  /** Some of the log, with its line feeds. */
  log(text: string): void;
  /** The same payload, whose bytes are counted while they are sent; `name` is what the user calls it. */
  sending(name: string, payload: Payload): Payload;
  /** The same bytes, counted while they are written to `name`. */
  receiving(name: string, bytes: AsyncIterable<Buffer>): AsyncIterable<Buffer>;
}

export interface ShownCall extends WatchedCall {
  /** Shows nothing. */
  readonly quiet: boolean;
  /** False if nothing of the log is given to {@link Progress.log}, so that blobs are shown without it. */
  readonly logged?: boolean;
}

/**
 * Runs `use` and shows how far it is: on a terminal one line for each blob and file, redrawn in place, with what io.imaged
 * tells of the call; elsewhere the lines of the log alone.
 */
export async function withProgress<T>(
  context: Context,
  call: ShownCall,
  use: (progress: Progress) => Promise<T>,
): Promise<T> {
  if (call.quiet || !isDrawn(context)) return await use(new PlainProgress(context, call));
  using progress = new LiveProgress(context.stderr, context.now, {
    everyBlob: call.logged === false,
    severalImages: call.kind === 'build',
  });
  const watching = new AbortController();
  const signal = AbortSignal.any([watching.signal, context.signal]);
  const watched = watchOperation(context, call, signal, ({ blobs }) => progress.blobs(blobs));
  try {
    const result = await use(progress);
    progress.finish();
    return result;
  } finally {
    progress[Symbol.dispose]();
    watching.abort();
    await watched;
  }
}

/** Are lines drawn in place? A dumb terminal cannot do that. */
export function isDrawn({ stderr, environment }: Pick<Context, 'stderr' | 'environment'>): boolean {
  return stderr.isTTY === true && environment['TERM'] !== 'dumb';
}

/** Gives every line to `progress`; returns the id of the last reply. */
export async function followLog(
  progress: Progress,
  replies: AsyncIterable<{ readonly reply: MoreResponse }>,
): Promise<string> {
  let id = '';
  for await (const { reply } of replies) {
    for (const line of reply.logs) progress.log(line);
    if (reply.id !== '') id = reply.id;
  }
  return id;
}

class PlainProgress implements Progress {
  readonly log: (text: string) => void;

  constructor({ stderr }: Context, { quiet }: ShownCall) {
    this.log = quiet ? () => undefined : (text) => void stderr.write(printableLines(text));
  }

  sending(_name: string, payload: Payload): Payload {
    return payload;
  }

  receiving(_name: string, bytes: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
    return bytes;
  }
}
