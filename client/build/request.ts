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
import { destinationOf, withConnection } from '../connection.js';
import type { Context } from '../context.js';
import type { Progress } from '../progress/progress.js';
import { sendContext, type Payload } from '../transfer.js';
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

/** Where a build is shown: its log, and the files that are sent. */
export interface BuildView {
  readonly log: (line: string) => Promise<void>;
  readonly progress: Pick<Progress, 'sending'>;
}

/** Builds. Returns the id. Throws what the service answers, CommandError and IgnoreError. */
export async function requestBuild(context: Context, call: BuildCall, view: BuildView): Promise<string> {
  // Elsewhere the path of a directory means nothing; and what comes through a pipe cannot be sent again.
  const { address } = await destinationOf(context);
  const isHere = /^(?:jsonrpc\+)?unix:/.test(address);
  if (!isHere || isReadOnce(call)) return await buildWith(context, call, false, view);
  try {
    return await buildWith(context, call, true, view);
  } catch (error) {
    if (!(error instanceof ContextNotHere)) throw error;
    return await buildWith(context, call, false, view);
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
  view: BuildView,
): Promise<string> {
  return await withConnection(context, context.signal, async (connection) => {
    const sending =
      (name: string) =>
      (payload: Payload): Promise<string> =>
        sendContext(connection, view.progress.sending(name, payload));
    const named: NamedContext[] = [];
    for (const each of contexts) {
      if ('image' in each) {
        named.push(each);
        continue;
      }
      const given = await give(sending(each.name), each.place, inPlace, [], context.signal);
      if (given !== undefined) named.push({ name: each.name, context: given });
    }
    const main = await give(sending('context'), place, inPlace, ignore, context.signal);
    let id = '';
    const client = new IoImagedClient(connection);
    for await (const reply of client.buildMore({
      context: main,
      settings: { ...settings, contexts: named },
    })) {
      for (const line of reply.logs) await view.log(line);
      if (reply.id !== '') id = reply.id;
    }
    return id;
  });
}

async function give(
  send: (payload: Payload) => Promise<string>,
  place: ClientContext,
  inPlace: boolean,
  ignore: readonly string[],
  signal: AbortSignal,
): Promise<BuildContext | undefined> {
  if (place.kind === 'none' || place.kind === 'dockerfile') return undefined;
  if (place.kind === 'repository') return { address: place.address };
  if (place.kind === 'archive') return { archive: await send(place.payload) };
  const { path } = place;
  if (inPlace) return { directory: { path, identity: await identityOf(path) } };
  await using payload = packContext(path, new IgnoreRules(ignore), signal);
  return { archive: await send(payload) };
}

/** By this the service knows whether it sees the same directory. */
async function identityOf(path: string): Promise<string> {
  const { dev, ino, ctimeNs } = await stat(path, { bigint: true });
  return `${dev}:${ino}:${ctimeNs}`;
}
