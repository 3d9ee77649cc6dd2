// One thing the builder must do as buildah does it, or otherwise for a reason.
import type { SampleEntry } from '../../peers/sample-image.js';

/** How an image is built: with an image for each step or one layer for each stage, and in which format. */
export interface Variant {
  readonly layers: boolean;
  readonly format: 'docker' | 'oci';
}

/** Mode 0644 (directories 0755), root's, from the year 2020 unless given. */
export interface ContextEntry {
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'link' | 'fifo' | 'archive';
  readonly content?: string | Buffer;
  /** Of a symlink what it says, of a link a path of the context. */
  readonly target?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Seconds since 1970. */
  readonly mtime?: number;
  readonly xattrs?: Readonly<Record<string, string>>;
  /** Of an archive, a tar. */
  readonly entries?: readonly SampleEntry[];
  readonly compression?: Compression;
}

export type Compression = 'none' | 'gzip' | 'bzip2' | 'xz' | 'zstd';

/** What a server answers for a path; `WEB` in a Dockerfile is its address, `http://127.0.0.1:PORT`. */
export interface WebFile {
  readonly content: string | Buffer;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** What is known of a built image, by a name for each fact; see image-facts.ts. */
export type Facts = ReadonlyMap<string, Json>;

/** A wanted difference. */
export interface Difference {
  /** A sentence for docs/build-differences.md. */
  readonly why: string;
  /**
   * The facts that differ, with the values they have in images of imaged; undefined where there is no such fact. A name may
   * be the beginning of several facts (`tree /dir` of `tree /dir mode`): its value is then an object of them, or undefined.
   */
  readonly ours?: Readonly<Record<string, Json | undefined>>;
  /** What buildah builds in its place, because it knows no such thing; created_by is not compared then. */
  readonly instead?: Partial<Pick<ConformanceCase, 'dockerfile' | 'files' | 'options'>>;
  /** Facts that are not compared, for nothing can be said of one of the two: beginnings of their names. */
  readonly open?: readonly string[];
}

export interface ConformanceCase {
  /** What it checks, as a sentence. */
  readonly name: string;
  readonly files?: readonly ContextEntry[];
  /** It lies in the context as `Dockerfile`. */
  readonly dockerfile: string | Buffer;
  /** Flags of `buildah bud`, which `imagectl build` has, too. `CONTEXT` is the directory of the context. */
  readonly options?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly web?: Readonly<Record<string, WebFile>>;
  /** Both builds fail; what imaged says of it. */
  readonly fails?: RegExp;
  /** What is in the log of imaged. */
  readonly says?: RegExp;
  /** `standard` if absent: layered in docker's format and single in OCI's. */
  readonly variants?: readonly Variant[];
  readonly differs?: Difference;
}

export function file(
  path: string,
  content: string | Buffer = '',
  more: Partial<ContextEntry> = {},
): ContextEntry {
  return { path, type: 'file', content, ...more };
}

export function directory(path: string, more: Partial<ContextEntry> = {}): ContextEntry {
  return { path, type: 'directory', ...more };
}

export function symlink(path: string, target: string): ContextEntry {
  return { path, type: 'symlink', target };
}

/** A further name of a file that is listed before. */
export function hardLink(path: string, target: string): ContextEntry {
  return { path, type: 'link', target };
}

export function archive(
  path: string,
  entries: readonly SampleEntry[],
  compression: Compression = 'none',
): ContextEntry {
  return { path, type: 'archive', entries, compression };
}
