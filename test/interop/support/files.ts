// Temporary places of the tests, and free ports.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { run } from './process.js';

/** Makes an empty directory of its own under `parent` (the system's temporary directory when absent). */
export async function temporaryDirectory(purpose: string, parent = tmpdir()): Promise<string> {
  return realpath(await mkdtemp(join(parent, `imaged-${purpose}-`)));
}

/** Unmounts everything below a directory: the Go tools leave `overlay/` bind-mounted onto itself. */
export async function unmountBelow(directory: string): Promise<void> {
  for (const place of await mountsBelow(directory)) {
    await run('umount', ['--lazy', place]);
  }
}

/** Removes a directory with whatever is mounted below it. */
export async function removeTree(directory: string): Promise<void> {
  await unmountBelow(directory);
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
}

/** Mount points at or below a directory, the innermost first. */
export async function mountsBelow(directory: string): Promise<string[]> {
  const table = existsSync('/proc/self/mounts') ? await readFile('/proc/self/mounts', 'utf8') : '';
  return table
    .split('\n')
    .map((line) => (line.split(' ')[1] ?? '').replaceAll('\\040', ' '))
    .filter((place) => place === directory || place.startsWith(`${directory}/`))
    .toReversed();
}

/** A TCP port of 127.0.0.1 that was free a moment ago, for programs that cannot choose one themselves. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
