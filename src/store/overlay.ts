// The directories of the overlay driver: what a layer's directory holds besides its files, and how layers refer to one another.
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreUnreadableError, TooManyLayersError } from './errors.js';
import type { StagedLayer } from './staging.js';
import type { Place } from './place.js';

/** Most lower directories that current programs mount. */
const MAX_LOWERS = 500;
const LINK_LENGTH = 26;
const BASE_MODE = 0o555;
const linkAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** What a layer must know of the one it stands on, or those above of this one. */
export interface Footing {
  /** Ids, nearest first: the layer itself, then all below. */
  readonly ids: readonly string[];
  /** The text of the `lower` file of a child. */
  readonly lower: string;
  /** Of `diff`: the root directory of an image is that of its base layer. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** The directory of a layer. */
export function layerDirectory(place: { readonly driverDirectory: string }, id: string): string {
  return join(place.driverDirectory, id);
}

/** What stands in the store for layer `ids[0]`, whose ancestors are the other `ids`, in `place`. */
export async function footingOf(place: Place, ids: readonly string[]): Promise<Footing> {
  const directory = layerDirectory(place, ids[0] as string);
  try {
    const [link, lower, diff] = await Promise.all([
      readFile(join(directory, 'link'), 'latin1'),
      readFile(join(directory, 'lower'), 'latin1').catch(emptyIfMissing),
      stat(join(directory, 'diff')),
    ]);
    return {
      ids,
      lower: lowerText(link.trim(), lower),
      mode: diff.mode & 0o7777,
      uid: diff.uid,
      gid: diff.gid,
    };
  } catch (error) {
    const reason = `layer is recorded but damaged (${(error as Error).message}); remove the images that use it and pull them again`;
    throw new StoreUnreadableError(directory, reason, { cause: error });
  }
}

/** A staged layer with everything in place to be renamed into `overlay/`. */
export interface DressedLayer {
  readonly staged: StagedLayer;
  readonly id: string;
  readonly link: string;
  /** Below it; undefined for a base layer. */
  readonly parent: Footing | undefined;
  readonly footing: Footing;
}

/** Makes the files beside a staged layer's `diff`, for the place on `parent`. May be repeated for another parent. */
export async function dress(
  staged: StagedLayer,
  id: string,
  parent: Footing | undefined,
  link = randomLink(),
): Promise<DressedLayer> {
  const { home, directory } = staged;
  const ids = [id, ...(parent?.ids ?? [])];
  if (ids.length > MAX_LOWERS) throw new TooManyLayersError(ids.length, MAX_LOWERS);
  const { mode, uid, gid } = parent ?? { mode: BASE_MODE, uid: 0, gid: 0 };
  await Promise.all([
    write(join(home, 'link'), link),
    ensureDirectory(join(home, 'work')),
    ensureDirectory(join(home, 'merged')),
    chown(directory, uid, gid).then(() => chmod(directory, mode)),
    chmod(staged.tarSplitPath, 0o600),
    ...(parent === undefined
      ? [ensureDirectory(join(home, 'empty'))]
      : [write(join(home, 'lower'), parent.lower), write(join(home, 'lower-layers'), parent.ids.join(':'))]),
  ]);
  return {
    staged,
    id,
    link,
    parent,
    footing: { ids, lower: lowerText(link, parent?.lower ?? ''), mode, uid, gid },
  };
}

/** Puts a dressed layer where it belongs. The caller holds the layers lock and has its record saved as incomplete. */
export async function install(place: Place, layer: DressedLayer): Promise<void> {
  const directory = layerDirectory(place, layer.id);
  const tarSplit = tarSplitPath(place, layer.id);
  await Promise.all([
    rename(layer.staged.home, directory),
    rename(layer.staged.tarSplitPath, tarSplit),
    symlink(join('..', layer.id, 'diff'), linkPath(place, layer.link)),
  ]);
}

/** Takes away all that there is of a layer. Its directory is moved to `deletion`, as removing it takes long. */
export async function uninstall(place: Place, id: string, deletion: string): Promise<void> {
  const directory = layerDirectory(place, id);
  const link = await readFile(join(directory, 'link'), 'latin1').catch(emptyIfMissing);
  if (/^[A-Z0-9]+$/.test(link.trim())) await rm(linkPath(place, link.trim()), { force: true });
  await rename(directory, deletion).catch(emptyIfMissing);
  await rm(tarSplitPath(place, id), { force: true });
  await rm(join(place.layersDirectory, id), { recursive: true, force: true });
}

/** The recipe for the original tar of a layer. */
export function tarSplitPath(place: { readonly layersDirectory: string }, id: string): string {
  return join(place.layersDirectory, `${id}.tar-split.gz`);
}

function linkPath(place: Place, link: string): string {
  return join(place.driverDirectory, 'l', link);
}

function lowerText(link: string, lower: string): string {
  return lower === '' ? `l/${link}` : `l/${link}:${lower}`;
}

function randomLink(): string {
  let link = '';
  for (const byte of randomBytes(LINK_LENGTH)) link += linkAlphabet.charAt(byte % linkAlphabet.length);
  return link;
}

async function write(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o644 });
  await chmod(path, 0o644);
}

async function ensureDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
}

function emptyIfMissing(error: unknown): string {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
  throw error;
}
