// imagectl __complete: what the scripts of `imagectl completion` ask for while somebody types.
import type { Command } from 'commander';
import type { Image } from '../../src/generated/io-podman.js';
import { IoPodmanClient } from '../../src/generated/io-podman.js';
import { withConnection } from '../connection.js';
import type { Context } from '../context.js';
import { printable } from '../output/printable.js';

/** Whoever presses a key waits no longer; milliseconds. */
const patience = 1000;

export function defineComplete(command: Command, context: Context): void {
  command
    .description('Print the words that begin so')
    .argument('<kind>')
    .argument('[prefix]')
    .action((kind: string, prefix = '') => complete(context, kind, prefix));
}

/** Says nothing where there is nothing to say: an error would end up in the line that is typed. */
async function complete(context: Context, kind: string, prefix: string): Promise<void> {
  if (kind !== 'image') return;
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(patience)]);
  const images = await withConnection(context, signal, async (connection) => {
    const reply = await new IoPodmanClient(connection).listImages({});
    return reply.images;
  }).catch(() => []);
  const words = imageWords(images, prefix);
  context.stdout.write(words.map((word) => `${printable(word)}\n`).join(''));
}

/** Names that begin with `prefix`; where none does, what is left of names without their first components; ids last. */
function imageWords(images: readonly Image[], prefix: string): readonly string[] {
  const names = images.flatMap(({ repoTags }) => repoTags);
  const whole = names.filter((name) => name.startsWith(prefix));
  const tails = whole.length > 0 ? [] : names.flatMap(tailsOf).filter((name) => name.startsWith(prefix));
  const isId = /^[0-9a-f]{2,64}$/.test(prefix);
  const ids = isId
    ? images.flatMap(({ id }) => (id.startsWith(prefix) ? [id.slice(0, Math.max(12, prefix.length))] : []))
    : [];
  return [...new Set([...whole, ...tails, ...ids])].toSorted();
}

/** `library/busybox:1` and `busybox:1` of `docker.io/library/busybox:1`. */
function tailsOf(name: string): readonly string[] {
  const parts = name.split('/');
  return parts.slice(1).map((_, index) => parts.slice(index + 1).join('/'));
}
