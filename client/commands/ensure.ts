// imagectl ensure: has an image in the store, for units and scripts that need it there.
import type { Command } from 'commander';
import type { IoPodmanClient } from '../../src/generated/io-podman.js';
import type { BlobProgress } from '../../src/generated/io-imaged.js';
import { exactlyOne } from '../arguments.js';
import { withClient } from '../connection.js';
import type { Context } from '../context.js';
import { describeError } from '../errors.js';
import { humanSize } from '../output/units.js';
import { followLog, withProgress } from '../progress/progress.js';
import { watchOperation } from '../progress/watch-operation.js';
import { ServiceManager } from '../service-manager.js';

interface EnsureOptions {
  readonly quiet?: boolean;
}

export function defineEnsure(command: Command, context: Context): void {
  command
    .description('Pull an image unless it is there')
    .usage('[options] IMAGE')
    .argument('[image...]')
    .option('-q, --quiet', 'Suppress output information when pulling images')
    .action((names: string[], { quiet = false }: EnsureOptions) => ensure(context, names, quiet));
}

async function ensure(context: Context, names: readonly string[], quiet: boolean): Promise<void> {
  const name = exactlyOne(names);
  const manager = new ServiceManager(context);
  try {
    await withClient(context, async (client) => {
      const { exists } = await client.imageExists({ name });
      // The interface counts like a shell: 0 is yes.
      if (exists !== 0) await pull(context, client, manager, name, quiet);
    });
  } catch (error) {
    await manager.last(describeError(error));
    throw error;
  }
  await manager.last(`${name} is there`);
}

async function pull(
  context: Context,
  client: IoPodmanClient,
  manager: ServiceManager,
  name: string,
  quiet: boolean,
): Promise<void> {
  const over = new AbortController();
  const call = { kind: 'pull', target: name, quiet };
  let done = 0;
  const watched = watchOperation(
    context,
    call,
    AbortSignal.any([over.signal, context.signal]),
    ({ blobs }) => {
      const moved = bytesOf(blobs, 'done');
      // A registry that is silent gets no more time.
      if (moved <= done) return;
      done = moved;
      manager.alive(`Pulling ${name}: ${humanSize(done)} of ${humanSize(bytesOf(blobs, 'total'))}`);
    },
  );
  try {
    const creds = { username: '', password: '' };
    await withProgress(context, call, (progress) =>
      followLog(progress, client.pullImageMore({ name, creds })),
    );
  } finally {
    over.abort();
    await watched;
  }
}

/** Of the blobs that are fetched. */
function bytesOf(blobs: readonly BlobProgress[], which: 'done' | 'total'): number {
  return blobs.reduce((sum, blob) => (blob.state === 'exists' ? sum : sum + blob[which]), 0);
}
