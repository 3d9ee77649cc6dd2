// Keeps the events file from growing without end, the way Podman does: the newer half of it takes its place.
import { open, rename, stat, type FileHandle } from 'node:fs/promises';

const pieceSize = 64 * 1024;
const newline = 0x0a;

/**
 * Does so when the file with `added` bytes more would reach `limit`, 0 being none; tells whether it did. The caller holds the lock of the
 * writers. Readers that have the file open have all of it.
 */
export async function rotateEvents(path: string, added: number, limit: number): Promise<boolean> {
  if (limit === 0) return false;
  const size = await sizeOf(path);
  if (size === 0 || size + added < limit) return false;
  await using file = await open(path, 'r');
  // One name for all times: what a writer that died has left is overwritten by the next.
  const newer = `${path}.newer`;
  {
    await using copy = await open(newer, 'w', 0o700);
    await copyLines(file, Math.floor(size / 2), copy);
  }
  await rename(newer, path);
  return true;
}

/** Copies what begins behind the first line end at or behind `start`. */
async function copyLines(from: FileHandle, start: number, to: FileHandle): Promise<void> {
  const buffer = Buffer.alloc(pieceSize);
  let found = false;
  for (let position = start; ;) {
    const { bytesRead } = await from.read(buffer, 0, pieceSize, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    const piece = buffer.subarray(0, bytesRead);
    const lines = found ? piece : piece.subarray(piece.indexOf(newline) + 1 || bytesRead);
    found ||= piece.includes(newline);
    if (lines.length > 0) await to.writeFile(lines);
  }
}

/** 0 when there is none. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}
