// A directory tree as the tar of a layer that is read piece by piece, for those who unpack or send it.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AbortedError } from '../sys/abort-flag.js';
import type { BlobInput } from './blob-input.js';
import { layerChunks } from './chunk-pool.js';
import type { PackOptions } from './pack-options.js';
import { packTree } from './pack-tree.js';

/** Files are read without a turn for whoever wants to end it; together 4 MiB, some milliseconds. */
const PIECES_A_TURN = 16;

type TreeOptions = Pick<PackOptions, 'lowers' | 'merges' | 'wholeSeconds' | 'lives'>;

/** Packs `directory` while it is being read; what {@link packTree} throws comes out of the reading. */
export function treeInput(directory: string, options: TreeOptions = {}): BlobInput {
  const packing = new Packing(directory, options);
  const pieces = packing.pieces();
  return { [Symbol.asyncIterator]: () => pieces, destroy: (error) => packing.end(error) };
}

/** A piece that the packer handed on, and how it is told to go on. */
interface HandedPiece {
  readonly bytes: Buffer;
  readonly taken: () => void;
}

class Packing {
  readonly #directory: string;
  readonly #options: TreeOptions;
  readonly #handed: HandedPiece[] = [];
  #failure: Error | undefined;
  #packed = false;
  #wake: () => void = () => undefined;

  constructor(directory: string, options: TreeOptions) {
    this.#directory = directory;
    this.#options = options;
  }

  end(error: Error = new AbortedError()): void {
    this.#failure ??= error;
    for (const { bytes, taken } of this.#handed.splice(0)) {
      layerChunks.release(bytes);
      taken();
    }
    this.#wake();
  }

  /** What the packer asks between files and chunks. */
  throwIfRaised(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  async *pieces(): AsyncGenerator<Buffer, void> {
    const packing = this.#pack();
    packing.catch(() => undefined);
    try {
      for (let pieces = 1; ; pieces += 1) {
        const piece = await this.#next();
        if (piece === undefined) break;
        try {
          yield piece.bytes;
        } finally {
          layerChunks.release(piece.bytes);
          piece.taken();
        }
        if (pieces % PIECES_A_TURN === 0) await nextTurn();
      }
      await packing;
    } finally {
      this.end();
      await packing.catch(() => undefined);
    }
  }

  async #pack(): Promise<void> {
    try {
      await packTree(this.#directory, (bytes) => this.#hand(bytes), { ...this.#options, abort: this });
    } finally {
      this.#packed = true;
      this.#wake();
    }
  }

  #hand(bytes: Buffer): Promise<void> | undefined {
    if (this.#failure !== undefined) return undefined;
    layerChunks.hold(bytes);
    return new Promise((taken) => {
      this.#handed.push({ bytes, taken });
      this.#wake();
    });
  }

  async #next(): Promise<HandedPiece | undefined> {
    while (this.#handed.length === 0 && !this.#packed && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#handed.shift();
  }
}
