// The files of an image, all its layers on top of one another, as facts.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  type BigIntStats,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { getAttribute, listAttributes } from '../../../src/sys/xattr.js';
import type { Json } from './conformance-case.js';

const kinds: readonly (readonly [(status: BigIntStats) => boolean, string])[] = [
  [(status) => status.isDirectory(), 'directory'],
  [(status) => status.isFile(), 'file'],
  [(status) => status.isSymbolicLink(), 'symlink'],
  [(status) => status.isFIFO(), 'fifo'],
  [(status) => status.isSocket(), 'socket'],
  [(status) => status.isCharacterDevice(), 'character device'],
  [(status) => status.isBlockDevice(), 'block device'],
];

/** When this process began, a little earlier: whatever is later was made by a build. */
const begun = performance.timeOrigin - 2000;

/** The base is in every tree; an inode with its size and time has one content. */
const digests = new Map<string, string>();

/**
 * `PATH type|mode|owner|size|content|target|device|mtime|same|xattr NAME` of every file, `/` included; `same` is the first name of a file
 * that has several. Times of builds are `now`. `layers` are ids, the topmost first.
 */
export function treeFacts(root: string, layers: readonly string[]): Map<string, Json> {
  const facts = new Map<string, Json>();
  if (layers.length === 0) return facts;
  const place = mkdtempSync(join(tmpdir(), 'imaged-tree-'));
  const overlay = join(root, 'overlay');
  const lowers = layers.map((id) => `l/${readFileSync(join(overlay, id, 'link'), 'utf8')}`);
  // One directory alone is no overlay for the kernel.
  if (lowers.length === 1) lowers.push('l');
  if (layers.length > 1) mountOverlay(overlay, lowers, place);
  const top = layers.length > 1 ? place : join(overlay, layers[0] ?? '', 'diff');
  try {
    describe(top, '/', { facts, names: new Map() });
  } finally {
    if (layers.length > 1) execFileSync('umount', [place]);
    rmdirSync(place);
  }
  return facts;
}

/**
 * Tries again: buildah mounts `overlay` over itself while it runs, and whoever stands in that when it ends has nowhere to mount
 * from. The paths are too many for absolute ones.
 */
function mountOverlay(overlay: string, lowers: readonly string[], place: string): void {
  const args = ['-t', 'overlay', 'overlay', '-o', `ro,lowerdir=${lowers.join(':')}`, place];
  for (let tries = 5; ; tries -= 1) {
    try {
      execFileSync('mount', args, { cwd: overlay, stdio: 'pipe' });
      return;
    } catch (error) {
      if (tries === 1) throw error;
    }
  }
}

interface Walk {
  readonly facts: Map<string, Json>;
  readonly names: Map<bigint, string>;
}

function describe(top: string, path: string, walk: Walk): void {
  const { facts } = walk;
  const full = join(top, path);
  const status = lstatSync(full, { bigint: true });
  const put = (key: string, value: Json): void => void facts.set(`${path} ${key}`, value);
  put('type', kinds.find(([is]) => is(status))?.[1] ?? 'unknown');
  if (!status.isSymbolicLink()) put('mode', (Number(status.mode) & 0o7777).toString(8));
  put('owner', `${status.uid}:${status.gid}`);
  put('mtime', modified(status));
  if (status.isFile()) {
    put('size', Number(status.size));
    put('content', contentDigest(full, status));
  }
  if (status.isSymbolicLink()) put('target', readlinkSync(full));
  if (status.isCharacterDevice() || status.isBlockDevice()) put('device', Number(status.rdev));
  if (!status.isDirectory() && status.nlink > 1n) {
    const first = walk.names.get(status.ino) ?? path;
    walk.names.set(status.ino, first);
    put('same', first);
  }
  for (const name of listAttributes(full)) {
    if (!name.startsWith('trusted.overlay.'))
      put(`xattr ${name}`, getAttribute(full, name)?.toString('hex') ?? null);
  }
  if (!status.isDirectory()) return;
  for (const name of readdirSync(full).toSorted()) describe(top, join(path, name), walk);
}

function modified({ mtimeNs }: BigIntStats): string {
  // Layers may have whole seconds, and a layer that was there already is as old as the first one like it.
  const milliseconds = Number(mtimeNs / 1_000_000n);
  return milliseconds >= begun && milliseconds <= Date.now() + 2000 ? 'now' : String(mtimeNs);
}

function contentDigest(path: string, { dev, ino, size, mtimeNs }: BigIntStats): string {
  const key = `${dev} ${ino} ${size} ${mtimeNs}`;
  const small = size < 65_536n;
  const known = small ? undefined : digests.get(key);
  if (known !== undefined) return known;
  const digest = createHash('sha256').update(readFileSync(path)).digest('hex');
  if (!small) digests.set(key, digest);
  return digest;
}
