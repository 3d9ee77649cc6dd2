// The directories of the overlay driver: what a layer's directory holds besides its files, and how layers refer to one another.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inSlices } from '../sys/slices.js';
import { StoreUnreadableError, TooManyLayersError } from './errors.js';
import type { StagedLayer } from './staging.js';
import type { Graveyard } from './graveyard.js';
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

/** Where the parts of a layer are, there or not. */
export interface LayerPaths {
  readonly directory: string;
  /** Its own files: the upper directory of an overlay. */
  readonly diff: string;
  readonly work: string;
  /** Where it is mounted, if it is. */
  readonly merged: string;
  /** The recipe for its tar. */
  readonly tarSplit: string;
}

export function layerPaths({ driverDirectory, layersDirectory }: Place, id: string): LayerPaths {
  const directory = join(driverDirectory, id);
  return {
    directory,
    diff: join(directory, 'diff'),
    work: join(directory, 'work'),
    merged: join(directory, 'merged'),
    tarSplit: join(layersDirectory, `${id}.tar-split.gz`),
  };
}

/** What stands in the store for layer `ids[0]`, whose ancestors are the other `ids`, in `place`. */
export async function footingOf(place: Place, ids: readonly string[]): Promise<Footing> {
  const { directory, diff } = layerPaths(place, ids[0] as string);
  try {
    const [link, lower, root] = await Promise.all([
      readFile(join(directory, 'link'), 'latin1'),
      readFile(join(directory, 'lower'), 'latin1').catch(emptyIfMissing),
      stat(diff),
    ]);
    return {
      ids,
      lower: lowerText(link.trim(), lower),
      mode: root.mode & 0o7777,
      uid: root.uid,
      gid: root.gid,
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
    symlink(join('..', id, 'diff'), staged.linkPath).catch(unlessTaken),
    ensureDirectory(join(home, 'work')),
    ensureDirectory(join(home, 'merged')),
    own(directory, uid, gid).then(() => chmod(directory, mode)),
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

/**
 * Puts dressed layers where they belong, base first. The caller holds the layers lock and has their records saved as
 * incomplete. The calls are made on this thread, a few milliseconds at a time: each takes some microseconds, and everybody
 * who waits for the lock would wait for its way to another thread and back, too.
 */
export async function install(
  place: Place,
  layers: readonly DressedLayer[],
  graveyard: Graveyard,
): Promise<void> {
  const stale = layers.filter(({ id }) => existsSync(layerPaths(place, id).directory));
  // Without a record: left by a process that died.
  if (stale.length > 0)
    await uninstall(
      place,
      stale.map(({ id }) => id),
      graveyard,
    );
  await inSlices(layers, (layer) => {
    const { directory, tarSplit } = layerPaths(place, layer.id);
    renameSync(layer.staged.home, directory);
    renameSync(layer.staged.tarSplitPath, tarSplit);
    renameSync(layer.staged.linkPath, linkPath(place, layer.link));
  });
}

/**
 * Takes away all that there is of these layers, to `graveyard`, as removing them takes long.
 * On this thread, as {@link install}.
 */
export async function uninstall(place: Place, ids: readonly string[], graveyard: Graveyard): Promise<void> {
  if (ids.length === 0) return;
  await graveyard.open();
  await inSlices(ids, (id) => {
    const { directory, tarSplit } = layerPaths(place, id);
    const link = linkOf(directory);
    if (/^[A-Z0-9]+$/.test(link)) graveyard.bury(linkPath(place, link));
    graveyard.bury(directory);
    graveyard.bury(tarSplit);
    graveyard.bury(join(place.layersDirectory, id));
  });
}

/** The short name of a layer; empty if it has none. */
function linkOf(directory: string): string {
  try {
    return readFileSync(join(directory, 'link'), 'latin1').trim();
  } catch (error) {
    return emptyIfMissing(error);
  }
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

async function own(path: string, uid: number, gid: number): Promise<void> {
  const now = await stat(path);
  if (now.uid !== uid || now.gid !== gid) await chown(path, uid, gid);
}

async function ensureDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
}

function emptyIfMissing(error: unknown): string {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
  throw error;
}

function unlessTaken(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
}
