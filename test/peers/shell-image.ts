// An image that really runs, made without a network: the machine's own shell and a few programs with the libraries they need.
import { execFile } from 'node:child_process';
import { access, readFile, realpath } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';
import { buildImage } from './sample-image.js';
import type { SampleEntry, SampleImage } from './sample-image.js';

const run = promisify(execFile);

const programs = ['sh', 'cat', 'ls', 'uname', 'id'];

const hello = `#!/bin/sh
echo "Hello from a container."
cat /etc/sample-release
echo "I am $(id -u):$(id -g) on $(uname -m)."
`;

export interface ShellImageOptions {
  /** `oci` if absent. */
  readonly format?: 'oci' | 'docker';
}

/** Three layers: the shell with its libraries, a release file and a user, and the greeting it runs. */
export async function buildShellImage(options: ShellImageOptions = {}): Promise<SampleImage> {
  const created = '2024-01-01T00:00:00Z';
  return buildImage({
    ...options,
    created,
    author: 'The imaged authors',
    layers: [
      await systemLayer(await shellFiles()),
      [
        directory('etc'),
        { name: 'etc/sample-release', content: 'NAME="imaged sample"\nVERSION="1"\n' },
        { name: 'etc/passwd', content: 'root:x:0:0:root:/root:/bin/sh\n' },
        { name: 'etc/group', content: 'root:x:0:\n' },
      ],
      [directory('bin'), { name: 'bin/hello', mode: 0o755, content: hello }],
    ],
    config: {
      Cmd: ['/bin/hello'],
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      Labels: { 'org.opencontainers.image.title': 'sample', 'org.opencontainers.image.version': '1' },
    },
    history: [
      { created, created_by: 'COPY sh cat ls uname id /bin/' },
      { created, created_by: 'COPY passwd group sample-release /etc/' },
      { created, created_by: 'COPY hello /bin/hello' },
      { created, created_by: 'CMD ["/bin/hello"]', empty_layer: true },
    ],
  });
}

/** Where each file goes in the image → where it is on this machine. */
async function shellFiles(): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const program of programs) {
    const path = await firstExisting([`/bin/${program}`, `/usr/bin/${program}`]);
    files.set(`/bin/${program}`, path);
    // Lines are `name => /path (0x…)` or, for the loader, `/path (0x…)`; the vdso has no path.
    const { stdout } = await run('ldd', [path]);
    for (const match of stdout.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm))
      files.set(match[1] as string, match[1] as string);
  }
  return files;
}

async function firstExisting(paths: readonly string[]): Promise<string> {
  for (const path of paths) {
    const found = await access(path).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  throw new Error(`none of ${paths.join(', ')} exists`);
}

async function systemLayer(files: ReadonlyMap<string, string>): Promise<SampleEntry[]> {
  const directories = new Set<string>();
  const entries: SampleEntry[] = [];
  for (const [target, source] of [...files].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    for (let parent = dirname(target); basename(parent) !== ''; parent = dirname(parent))
      directories.add(parent);
    entries.push({ name: target.slice(1), mode: 0o755, content: await readFile(await realpath(source)) });
  }
  const parents = [...directories].toSorted().map((path) => directory(path.slice(1)));
  return [...parents, directory('root', 0o700), directory('tmp', 0o1777), ...entries];
}

function directory(name: string, mode = 0o755): SampleEntry {
  return { name, type: 'directory', mode };
}
