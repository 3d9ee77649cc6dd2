// What one COPY or ADD puts where; all texts are substituted.
import type { LayerStack } from '../root/root-tree.js';

/** Where the sources are looked up; none of them leads out of it. */
export type CopySource =
  /** A directory of the host: the context. `ignore`: the lines of the ignore file that holds for it. */
  | { readonly kind: 'context'; readonly directory: string; readonly ignore: readonly string[] }
  /** The root of a stage or an image. */
  | { readonly kind: 'stack'; readonly stack: LayerStack }
  /** Here-documents and fetched files: each in a private directory under its name, no patterns, nothing ignored. */
  | {
      readonly kind: 'files';
      readonly directory: string;
      /** By ADD from elsewhere: those count differently in the history, and archives stay what they are unless `unpack` says so. */
      readonly fetched?: { readonly unpack: boolean };
    };

/** Sources of one place; an instruction has several of them where it mixes URLs, here-documents and files. */
export interface CopyPart {
  readonly source: CopySource;
  /** As written, substituted: patterns for contexts and stacks, names for files. */
  readonly patterns: readonly string[];
}

export interface CopyRequest {
  readonly instruction: 'copy' | 'add';
  readonly parts: readonly CopyPart[];
  /** Absolute in the root, WORKDIR applied; a slash at its end means that it is to be a directory. */
  readonly destination: string;
  /** `user[:group]`, looked up in the working root; 0:0 if absent. */
  readonly chown?: string;
  /** Octal or symbolic. */
  readonly chmod?: string;
  readonly excludes: readonly string[];
  readonly parents: boolean;
  readonly link: boolean;
  /** Unpacks archives it finds among the sources: ADD of local files, or where the flag says so. */
  readonly unpack: boolean;
  /** Its digest must not depend on the names of those who own the sources, as the peers' does. */
  readonly reproducible?: boolean;
  /** Seconds since 1970: later times of what is copied become this one. */
  readonly latest?: number;
}

/** The content of what would be copied (build.md, Layers, history and cache). */
export interface ContentDigest {
  /** `file:`, `dir:`, `multi:` with hex digits, or empty digits as the peer has it. */
  readonly text: string;
}
