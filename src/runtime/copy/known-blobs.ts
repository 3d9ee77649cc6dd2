// What was learnt of blobs that went by: which tar is in them, and which repositories have them (images-and-transports §6.3).
import { appendFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../../oci/digest.js';
import {
  formatKnownBlob,
  parseKnownBlob,
  type BlobPlace,
  type KnownBlob,
  type KnownForm,
} from './known-blob.js';

/** Blobs that are remembered; those that were noted last. */
const mostBlobs = 5000;
/** Lines of a file that is written anew, since most of them are out of date. */
const mostLines = 2 * mostBlobs;
/** Bytes of a file that is not read: nobody of us wrote it. */
const mostBytes = 16 * 1024 * 1024;
/** Repositories remembered for a blob. */
const mostPlaces = 8;

/** Several daemons may use one directory, and anybody may remove it: what is not known costs time, nothing else. */
export class KnownBlobs {
  readonly #directory: string;
  readonly #path: string;
  /** The least recently noted first. */
  #blobs = new Map<Digest, KnownBlob>();
  #formsOf = new Map<Digest, Set<Digest>>();
  #lines = 0;
  /** As the file was when it was read. */
  #version = '';
  #turn: Promise<void> = Promise.resolve();

  /** `directory` is made when something is noted. */
  constructor(directory: string) {
    this.#directory = directory;
    this.#path = join(directory, 'known-blobs');
  }

  /** Blobs in which the tar is that has this digest, the one noted last first. */
  async formsOf(diffId: Digest): Promise<readonly (KnownForm & { readonly digest: Digest })[]> {
    await this.#inTurn(() => this.#refresh());
    const digests = [...(this.#formsOf.get(diffId) ?? [])].toReversed();
    return digests.flatMap((digest) => {
      const form = this.#blobs.get(digest)?.form;
      return form === undefined ? [] : [{ digest, ...form }];
    });
  }

  /** Repositories of a registry, `quay.io`, that had this blob, the one noted last first. */
  async repositoriesWith(digest: Digest, host: string): Promise<readonly string[]> {
    await this.#inTurn(() => this.#refresh());
    const places = this.#blobs.get(digest)?.places ?? [];
    return places
      .filter((place) => place.host === host)
      .map(({ repository }) => repository)
      .toReversed();
  }

  /** Remembers what we computed or were told by the registry; failures to write it down are nobody's concern. */
  async note(blobs: readonly KnownBlob[]): Promise<void> {
    if (blobs.length === 0) return;
    await this.#inTurn(async () => {
      await this.#refresh();
      for (const blob of blobs) this.#add(blob);
      this.#lines += blobs.length;
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      if (this.#lines > mostLines) await this.#rewrite();
      else await appendFile(this.#path, blobs.map(formatKnownBlob).join(''), { mode: 0o600 });
      this.#version = await versionOf(this.#path);
    });
  }

  /** One after the other; each does what it can. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = async (): Promise<void> => {
      await this.#turn;
      await work().catch(() => undefined);
    };
    this.#turn = turn();
    return this.#turn;
  }

  /** Reads what others have written. */
  async #refresh(): Promise<void> {
    const version = await versionOf(this.#path);
    if (version === this.#version) return;
    this.#version = version;
    this.#blobs = new Map();
    this.#formsOf = new Map();
    this.#lines = version === '' ? 0 : mostLines;
    const { size } = await stat(this.#path);
    if (size > mostBytes) return;
    const lines = (await readFile(this.#path, 'utf8')).split('\n');
    for (const line of lines) {
      const blob = parseKnownBlob(line);
      if (blob !== undefined) this.#add(blob);
    }
    this.#lines = lines.length;
  }

  #add({ digest, form, places }: KnownBlob): void {
    const known = this.#blobs.get(digest);
    this.#remove(digest);
    const all = [
      ...(known?.places ?? []).filter((place) => !places.some((other) => isSame(place, other))),
      ...places,
    ];
    const blob = { digest, form: form ?? known?.form, places: all.slice(-mostPlaces) };
    this.#blobs.set(digest, blob);
    if (blob.form !== undefined) {
      const { diffId } = blob.form;
      this.#formsOf.set(diffId, (this.#formsOf.get(diffId) ?? new Set()).add(digest));
    }
    const [oldest] = this.#blobs.keys();
    if (this.#blobs.size > mostBlobs && oldest !== undefined) this.#remove(oldest);
  }

  #remove(digest: Digest): void {
    const diffId = this.#blobs.get(digest)?.form?.diffId;
    this.#blobs.delete(digest);
    if (diffId === undefined) return;
    const forms = this.#formsOf.get(diffId);
    forms?.delete(digest);
    if (forms?.size === 0) this.#formsOf.delete(diffId);
  }

  /** What another daemon adds meanwhile may be lost. */
  async #rewrite(): Promise<void> {
    const next = `${this.#path}.${process.pid}`;
    try {
      await writeFile(next, [...this.#blobs.values()].map(formatKnownBlob).join(''), { mode: 0o600 });
      await rename(next, this.#path);
      this.#lines = this.#blobs.size;
    } catch (error) {
      await rm(next, { force: true });
      throw error;
    }
  }
}

function isSame(one: BlobPlace, other: BlobPlace): boolean {
  return one.host === other.host && one.repository === other.repository;
}

/** Changes with every change of the file; empty where there is none. */
async function versionOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(path);
    return `${ino} ${size} ${mtimeMs}`;
  } catch {
    return '';
  }
}
