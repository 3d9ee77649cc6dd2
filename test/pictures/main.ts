// npm run pictures: records a pull and a build on a terminal and draws them for the documentation.
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { startRegistry } from '../peers/registry.js';
import { buildImage, putImage } from '../peers/sample-image.js';
import { buildShellImage } from '../peers/shell-image.js';
import { Imaged } from '../interop/support/imaged.js';
import { PeerStore } from '../interop/support/peer-store.js';
import { framesOf, record } from '../interop/support/recording.js';
import { drawPicture } from './draw.js';

const MiB = 1024 * 1024;
/** A line on which one sees something happen. */
const bytesPerSecond = 3 * MiB;

const registry = await startRegistry({
  fault: ({ url }) => (url.includes('/blobs/') ? { bytesPerSecond } : undefined),
});
const store = await PeerStore.create();
const daemon = await (async () => {
  const location = `location = "${registry.host}"\ninsecure = true\n`;
  await writeFile(
    store.registriesConf,
    `unqualified-search-registries = ["docker.io"]\n[[registry]]\nprefix = "docker.io"\n${location}`,
  );
  return Imaged.start(store, { args: ['--log-level', 'error'] });
})();

try {
  const sizes = [9, 5, 2];
  const layers = sizes.map((size, index) => [
    { name: `usr/share/part-${index}`, content: randomBytes(size * MiB) },
  ]);
  putImage(registry, 'library/postgres', '17', await buildImage({ layers }));
  putImage(registry, 'library/busybox', 'latest', await buildShellImage());
  const bin = join(store.directory, 'bin');
  await mkdir(bin);
  const imagectl = join(process.cwd(), 'dist', 'imagectl.js');
  await writeFile(join(bin, 'imagectl'), `#!/bin/sh\nexec "${process.execPath}" "${imagectl}" "$@"\n`);
  await chmod(join(bin, 'imagectl'), 0o755);
  const app = join(store.directory, 'app');
  await mkdir(app);
  await writeFile(join(app, 'greeting'), 'Hello.\n');
  await writeFile(
    join(app, 'Dockerfile'),
    'FROM docker.io/library/busybox\nCOPY greeting /etc/\nRUN cat /etc/greeting && uname -s > /etc/kernel\nCMD ["/bin/cat", "/etc/greeting"]\n',
  );
  await take('pull', 13, ['imagectl pull docker.io/library/postgres:17', 'imagectl images']);
  // Its base is there already.
  await daemon.pull('docker.io/library/busybox');
  await take('build', 23, ['cat app/Dockerfile', 'imagectl build -t greeting app', 'imagectl images']);
} finally {
  await daemon.close();
  await registry.close();
  await store.close();
}

/** Types the commands one after the other and draws what is to be seen. */
async function take(name: string, rows: number, commands: readonly string[]): Promise<void> {
  const typed = commands.map(
    (command) => `printf '\\033[1m$ %s\\033[m\\n' '${command}'; sleep 0.6; ${command}; sleep 0.8`,
  );
  const env = {
    PATH: `${join(store.directory, 'bin')}:${process.env['PATH']}`,
    IMAGED_ADDRESS: daemon.address,
  };
  const columns = 96;
  const recording = await record('bash', ['-c', typed.join('\n')], {
    columns,
    rows,
    env,
    cwd: store.directory,
  });
  if (recording.code !== 0) throw new Error(`${name}: exit code ${recording.code}`);
  const title = `A terminal: ${commands.join(', then ')}`;
  const frames = await framesOf(recording, 60);
  await writeFile(
    join(process.cwd(), 'docs', 'pictures', `${name}.svg`),
    drawPicture({ columns, rows, frames, title }),
  );
}
