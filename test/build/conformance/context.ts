// Puts the files of a case on disk, with everything a layer can hold.
import {
  chmodSync,
  closeSync,
  linkSync,
  lchownSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';

import { setAttribute } from '../../../src/sys/xattr.js';
import { buildTar } from '../../peers/sample-image.js';
import type { ConformanceCase, ContextEntry } from './conformance-case.js';

/** 2020-01-01, in seconds: long before any build. */
const longAgo = 1_577_836_800;

/** Writes context and Dockerfile into a directory that is there already; `WEB` becomes the address. */
export async function writeContext(
  directory: string,
  { files = [], dockerfile }: Pick<ConformanceCase, 'files' | 'dockerfile'>,
  web: string,
): Promise<void> {
  const text = Buffer.isBuffer(dockerfile) ? dockerfile : dockerfile.replaceAll('WEB', web);
  const entries: ContextEntry[] = [
    ...files,
    ...(files.some(({ path }) => path === 'Dockerfile')
      ? []
      : [{ path: 'Dockerfile', type: 'file', content: text } as const]),
  ];
  const parents = new Set<string>();
  for (const entry of entries) {
    for (let parent = dirname(entry.path); parent !== '.'; parent = dirname(parent)) parents.add(parent);
    mkdirSync(dirname(join(directory, entry.path)), { recursive: true });
    await writeEntry(directory, entry);
  }
  for (const parent of parents) lutimesSync(join(directory, parent), longAgo, longAgo);
  // Writing into a directory has changed its time.
  for (const entry of entries) finishEntry(directory, entry);
  lutimesSync(directory, longAgo, longAgo);
}

async function writeEntry(directory: string, entry: ContextEntry): Promise<void> {
  const path = join(directory, entry.path);
  switch (entry.type) {
    case 'file':
      writeFileSync(path, entry.content ?? '');
      break;
    case 'archive': {
      const tar = await buildTar(entry.entries ?? []);
      const { compression = 'none' } = entry;
      writeFileSync(path, compression === 'none' ? tar : execFileSync(compression, ['-c'], { input: tar }));
      break;
    }
    case 'directory':
      mkdirSync(path, { recursive: true });
      break;
    case 'symlink':
      symlinkSync(entry.target ?? '', path);
      break;
    case 'link':
      linkSync(join(directory, entry.target ?? ''), path);
      return;
    case 'fifo':
      execFileSync('mkfifo', [path]);
      break;
  }
}

function finishEntry(directory: string, entry: ContextEntry): void {
  if (entry.type === 'link') return;
  const path = join(directory, entry.path);
  lchownSync(path, entry.uid ?? 0, entry.gid ?? 0);
  if (entry.type !== 'symlink') {
    chmodSync(path, entry.mode ?? (entry.type === 'directory' ? 0o755 : 0o644));
  }
  for (const [key, value] of Object.entries(entry.xattrs ?? {})) {
    const opened = openSync(path, 'r');
    const result = setAttribute(opened, key, Buffer.from(value, 'latin1'));
    closeSync(opened);
    if (result !== 0) throw new Error(`${entry.path}: attribute ${key}: errno ${-result}`);
  }
  const time = entry.mtime ?? longAgo;
  lutimesSync(path, time, time);
}
