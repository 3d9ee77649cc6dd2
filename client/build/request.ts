// One Build call: directories are read by the service where they are if it can do that, and sent to it if not.
import { stat } from 'node:fs/promises';
import { IgnoreRules } from '../../src/build/ignore/ignore-rules.js';
import {
  ContextNotHere,
  IoImagedClient,
  type BuildContext,
  type BuildSettings,
  type NamedContext,
} from '../../src/generated/io-imaged.js';
import type { Connection } from '../../src/rpc/index.js';
import { withConnection } from '../connection.js';
import type { Context } from '../context.js';
import { sendContext } from '../transfer.js';
import type { NamedPlace } from './named-contexts.js';
import { packContext } from './pack.js';
import type { ClientContext } from './place.js';

/** What is to be built of what. */
export interface BuildCall {
  readonly place: ClientContext;
  /** The patterns of the ignore file, for `place`. */
  readonly ignore: readonly string[];
  readonly contexts: readonly NamedPlace[];
  /** All but `contexts`. */
  readonly settings: BuildSettings;
}

/** Builds; `show` gets the lines of the log. Returns the id. Throws what the service answers, CommandError and IgnoreError. */
export async function requestBuild(
  context: Context,
  call: BuildCall,
  show: (line: string) => Promise<void>,
): Promise<string> {
  // Elsewhere the path of a directory means nothing; and what comes through a pipe cannot be sent again.
  const isHere = /^(?:jsonrpc\+)?unix:/.test(context.address);
  if (!isHere || isReadOnce(call)) return await buildWith(context, call, false, show);
  try {
    return await buildWith(context, call, true, show);
  } catch (error) {
    if (!(error instanceof ContextNotHere)) throw error;
    return await buildWith(context, call, false, show);
  }
}

function isReadOnce({ place, contexts }: BuildCall): boolean {
  const places = [place, ...contexts.flatMap((named) => ('place' in named ? [named.place] : []))];
  return places.some((each) => each.kind === 'archive' && each.payload.length === undefined);
}

async function buildWith(
  context: Context,
  { place, ignore, contexts, settings }: BuildCall,
  inPlace: boolean,
  show: (line: string) => Promise<void>,
): Promise<string> {
  return await withConnection(context, context.signal, async (connection) => {
    const named: NamedContext[] = [];
    for (const each of contexts) {
      if ('image' in each) {
        named.push(each);
        continue;
      }
      const given = await give(connection, each.place, inPlace, [], context.signal);
      if (given !== undefined) named.push({ name: each.name, context: given });
    }
    const main = await give(connection, place, inPlace, ignore, context.signal);
    let id = '';
    const client = new IoImagedClient(connection);
    for await (const reply of client.buildMore({
      context: main,
      settings: { ...settings, contexts: named },
    })) {
      for (const line of reply.logs) await show(line);
      if (reply.id !== '') id = reply.id;
    }
    return id;
  });
}

async function give(
  connection: Connection,
  place: ClientContext,
  inPlace: boolean,
  ignore: readonly string[],
  signal: AbortSignal,
): Promise<BuildContext | undefined> {
  if (place.kind === 'none' || place.kind === 'dockerfile') return undefined;
  if (place.kind === 'repository') return { address: place.address };
  if (place.kind === 'archive') return { archive: await sendContext(connection, place.payload) };
  const { path } = place;
  if (inPlace) return { directory: { path, identity: await identityOf(path) } };
  await using payload = packContext(path, new IgnoreRules(ignore), signal);
  return { archive: await sendContext(connection, payload) };
}

/** By this the service knows whether it sees the same directory. */
async function identityOf(path: string): Promise<string> {
  const { dev, ino, ctimeNs } = await stat(path, { bigint: true });
  return `${dev}:${ino}:${ctimeNs}`;
}
