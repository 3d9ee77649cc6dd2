// Having the kernel write to the disk before anybody waits for it.
import { declare } from './libc.js';

const libcSyncFileRange = declare(
  'int sync_file_range(int fd, int64_t offset, int64_t length, unsigned int flags)',
);
const SYNC_FILE_RANGE_WRITE = 2;

/** Has the kernel begin to write these bytes of a file to the disk, so that a later fsync waits less. Nothing is sure then. */
export function startWriteback(fd: number, offset: number, length: number): void {
  libcSyncFileRange(fd, offset, length, SYNC_FILE_RANGE_WRITE);
}
