// Tells without reading any content whether a source is the one whose digest is known.
import { createHash, type Hash } from 'node:crypto';
import { type FileStatus, isDirectory, type Timestamp } from '../../sys/files.js';
import type { DigestOptions } from './item-digest.js';
import { keptParents } from './kept-parents.js';
import type { SelectedItem } from './selection.js';
import { type FoundEntry, type TreeVisitor, walkTree } from './walk-tree.js';

/** Changes within one step of a file system's clock cannot be told apart: what is that young is not known yet. Milliseconds. */
const CLOCK_STEP = 50;
/** Of those that have whole seconds only, the coarsest of which count two at a time. */
const COARSE_CLOCK_STEP = 2500;
const BATCH_CHARACTERS = 64 * 1024;

export interface Fingerprint {
  /** Hexadecimal. */
  readonly text: string;
  /** Whether everything has been as it is for long enough, so that a later change will be seen. */
  readonly settled: boolean;
}

/** Of an item and of all that its digest depends on; `unpacked`: of what is in it. Throws what walking throws. */
export function fingerprintOf(item: SelectedItem, unpacked: boolean, options: DigestOptions): Fingerprint {
  const { name, ownership } = options;
  const start = Date.now();
  const about = [
    'v1',
    unpacked ? 'unpacked' : 'plain',
    item.kind,
    item.fetched ? 'fetched' : '',
    item.kept,
    isDirectory(item.status.mode) ? '' : name,
    JSON.stringify(ownership.chown ?? null),
    ownership.chmodText,
  ];
  const visitor = new FingerprintVisitor(options, about.join('\0'));
  for (const { path, status } of keptParents(item)) visitor.add(path, status, '');
  if (item.stack !== undefined) visitor.stack(item, item.stack);
  else if (isDirectory(item.status.mode)) walkTree(item, visitor, options.abort);
  else visitor.add('', item.status, '');
  return { text: visitor.text(), settled: visitor.youngest < start };
}

class FingerprintVisitor implements TreeVisitor {
  /** When the youngest file may still change unseen; milliseconds since 1970. */
  youngest = Number.NEGATIVE_INFINITY;
  readonly #hash: Hash = createHash('sha256');
  readonly #options: DigestOptions;
  #batch: string;

  constructor(options: DigestOptions, about: string) {
    this.#options = options;
    this.#batch = `${about}\n`;
  }

  enter({ path, status }: FoundEntry): void {
    this.add(path, status, '');
  }

  enterLeftOut(): void {
    // It is no part of the digest.
  }

  leave(): void {
    this.#append('..\n');
  }

  file({ path, status }: FoundEntry, target: string): void {
    this.add(path, status, target);
  }

  add(path: string, status: FileStatus, target: string): void {
    const { names } = this.#options;
    const { mode, uid, gid, size, links, device, inode, modified, changed } = status;
    const owner = `${uid},${names.user(uid)},${gid},${names.group(gid)}`;
    const place = `${device},${inode},${links},${size},${time(modified)},${time(changed)}`;
    this.#append(`${path}\0${target}\0${mode},${owner},${place}\n`);
    this.youngest = Math.max(this.youngest, safeFrom(modified), safeFrom(changed));
  }

  /** Layers do not change: which they are is enough. */
  stack(item: SelectedItem, lowers: readonly string[]): void {
    this.#append(`${lowers.join('\0')}\0\0${item.path}\n`);
  }

  text(): string {
    return this.#hash.update(this.#batch, 'latin1').digest('hex');
  }

  #append(text: string): void {
    this.#batch += text;
    if (this.#batch.length < BATCH_CHARACTERS) return;
    this.#hash.update(this.#batch, 'latin1');
    this.#batch = '';
  }
}

function time({ seconds, nanoseconds }: Timestamp): string {
  return `${seconds}.${nanoseconds}`;
}

function safeFrom({ seconds, nanoseconds }: Timestamp): number {
  return seconds * 1000 + Math.ceil(nanoseconds / 1e6) + (nanoseconds === 0 ? COARSE_CLOCK_STEP : CLOCK_STEP);
}
