// CopyImage of io.imaged: what `copy` is, and what pulls and pushes are that io.podman cannot carry.
import { IoImagedClient, type CopyOptions } from '../src/generated/io-imaged.js';
import type { Connection } from '../src/rpc/index.js';
import type { Context } from './context.js';
import { CommandError } from './errors.js';
import { withProgress } from './progress/progress.js';

/** Copies an image, and shows how far it is unless it is to be quiet; returns the digest that the destination has. */
export async function copyImage(
  context: Context,
  connection: Connection,
  source: string,
  destination: string,
  options: CopyOptions,
  quiet: boolean,
): Promise<string> {
  const call = { kind: 'copy', target: `${source} ${destination}`, quiet };
  return await withProgress(context, call, async (progress) => {
    let last = '';
    const replies = new IoImagedClient(connection).copyImageMore({ source, destination, options });
    for await (const { logs, digest } of replies) {
      for (const line of logs) progress.log(line);
      last = digest;
    }
    return last;
  });
}

/** The value of a flag that can have a few. */
export function oneOf<const Value extends string>(
  flag: string,
  values: readonly Value[],
  text: string | undefined,
): Value | undefined {
  const value = values.find((known) => known === text);
  if (text !== undefined && value === undefined) {
    throw new CommandError(`${flag}: expected ${values.join(' or ')}, not ${text}`);
  }
  return value;
}

const withTransport =
  /^(?:containers-storage|dir|docker|docker-archive|docker-daemon|oci|oci-archive|ostree|sif|tarball):/;

/** A name as CopyImage has it: what has no transport is in a registry. */
export function inRegistry(name: string): string {
  return withTransport.test(name) ? name : `docker://${name}`;
}
