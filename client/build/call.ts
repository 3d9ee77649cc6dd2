// What is asked of the service: the flags, and the files that are read here.
import type { Dockerfile } from '../../src/generated/io-imaged.js';
import { parseIgnore } from '../../src/build/ignore/parse-ignore.js';
import type { Context } from '../context.js';
import { payloadFromInput } from '../payload.js';
import { agentsOf, secretsOf } from './credentials.js';
import { readDockerfiles, readText, textOf } from './dockerfiles.js';
import type { BuildFlags } from './flags.js';
import type { NamedPlace } from './named-contexts.js';
import type { ClientContext } from './place.js';
import type { BuildCall } from './request.js';
import { settingsOf } from './settings.js';

/** Throws CommandError and IgnoreError. */
export async function buildCallOf(
  context: Context,
  place: ClientContext,
  contexts: readonly NamedPlace[],
  flags: BuildFlags,
): Promise<BuildCall> {
  const { environment } = context;
  const settings = {
    ...settingsOf(flags, environment),
    secrets: await secretsOf(flags.secret, environment),
    agents: agentsOf(flags.ssh, environment),
  };
  if (place.kind === 'archive' || place.kind === 'repository') {
    const dockerfiles = await Promise.all(flags.file.map((path) => partOf(context, path)));
    const given = flags.ignorefile === undefined ? undefined : parseIgnore(await readText(flags.ignorefile));
    return { place, ignore: [], contexts, settings: { ...settings, dockerfiles, ignore: given } };
  }
  if (place.kind === 'dockerfile') {
    return { place, ignore: [], contexts, settings: { ...settings, dockerfiles: [{ text: place.text }] } };
  }
  const directory = place.kind === 'directory' ? place.path : undefined;
  const { texts, ignore } = await readDockerfiles(context, flags, directory);
  const dockerfiles = texts.map((text) => ({ text }));
  return { place, ignore, contexts, settings: { ...settings, dockerfiles, ignore } };
}

/** Of a context that is not here: it is in there, if it is not standard input. */
async function partOf(context: Context, path: string): Promise<Dockerfile> {
  if (path !== '-') return { path };
  return { text: await textOf(await payloadFromInput(context, 'a redirection'), 'standard input') };
}
