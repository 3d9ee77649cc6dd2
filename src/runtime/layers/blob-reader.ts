// Opens the bytes of a blob, wherever they are, in the thread that reads them.
import { closeSync, constants, createReadStream, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BlobInput } from '../../archive/blob-input.js';
import { CHUNK_BYTES } from '../../archive/chunk-pool.js';
import { treeInput } from '../../archive/tree-input.js';
import { unzipped } from '../../archive/unzipped.js';
import type { BlobLocation, LayerBlob } from '../../oci/blob.js';
import { openBlob } from '../../registry/open-blob.js';
import { openBelow, reassembleTar } from '../../store/tar-split-reader.js';
import { PackedFiles } from './packed-file.js';

/** Together 4 MiB, some milliseconds. */
const PIECES_A_TURN = 16;

const packed = new PackedFiles();

/** Throws RegistryError and the errors of opening. Nothing of the content is checked, but that of a layer of the store. */
export async function openBlobInput(blob: BlobLocation, signal: AbortSignal): Promise<BlobInput> {
  switch (blob.kind) {
    case 'http':
      return await openBlob(blob, signal);
    case 'file': {
      const { path, offset, length } = blob;
      if (length === 0) return Readable.from([]);
      // What was a file when it was looked at may be a pipe by now, whose writer nobody waits for.
      const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      return createReadStream(path, {
        fd,
        start: offset,
        end: offset + length - 1,
        highWaterMark: CHUNK_BYTES,
      });
    }
    case 'pipe':
      // As a socket is read: a stream of a file would wait in one of the few threads that all files share.
      return new Socket({
        fd: openSync(blob.path, constants.O_RDONLY | constants.O_NONBLOCK),
        readable: true,
        writable: false,
      });
    case 'packed':
      return packed.read(blob);
    case 'unzipped': {
      const input = await openBlobInput(blob.blob, signal);
      const content = unzipped(input, signal);
      return { [Symbol.asyncIterator]: () => content, destroy: (error) => input.destroy(error) };
    }
    case 'tree':
      return treeInput(blob.directory, {
        lowers: blob.lowers,
        merges: true,
        wholeSeconds: true,
        lives: true,
      });
    default:
      return layerInput(blob);
  }
}

function layerInput({ recipePath, directory }: LayerBlob): BlobInput {
  let ended = false;
  let failure: Error | undefined;
  const pieces = async function* (): AsyncGenerator<Buffer, void> {
    const root = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      let pieces = 0;
      for await (const piece of reassembleTar(recipePath, openBelow(root))) {
        yield piece;
        // Files are read without a turn for whoever wants to end it.
        if (++pieces % PIECES_A_TURN === 0) await nextTurn();
        if (ended) throw failure ?? new Error('aborted');
      }
    } finally {
      closeSync(root);
    }
  };
  const iterator = pieces();
  return {
    [Symbol.asyncIterator]: () => iterator,
    destroy: (error) => {
      ended = true;
      failure ??= error;
    },
  };
}
