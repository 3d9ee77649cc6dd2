// What dpkg is told about the package: control, sums, and the scripts that run when it comes and goes.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { maintainer } from './changelog.js';

export function writeControl(root: string, version: string, architecture: string): void {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .toSorted()
    .filter((name) => lstatSync(join(root, name)).isFile());
  const kilobytes = files.reduce((sum, name) => sum + Math.ceil(lstatSync(join(root, name)).size / 1024), 0);
  const directory = join(root, 'DEBIAN');
  mkdirSync(directory);
  writeFileSync(join(directory, 'control'), control(version, architecture, kilobytes));
  const sums = files.map(
    (name) =>
      `${createHash('md5')
        .update(readFileSync(join(root, name)))
        .digest('hex')}  ${name}`,
  );
  writeFileSync(join(directory, 'md5sums'), `${sums.join('\n')}\n`);
  cpSync('src/packaging/deb/scripts', directory, { recursive: true });
  const conffiles = files.filter((name) => name.startsWith('etc/')).map((name) => `/${name}\n`);
  if (conffiles.length > 0 && !existsSync(join(directory, 'conffiles')))
    writeFileSync(join(directory, 'conffiles'), conffiles.join(''));
}

/**
 * Why each package: nodejs in the oldest version imaged runs on; something that makes the group; a runtime for RUN, libisal2 to
 * unzip twice as fast, gpg for signatures, certificates of registries, uidmap for the stores of users; ssh and podman go well with it.
 */
function control(version: string, architecture: string, kilobytes: number): string {
  const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { engines: { node: string } };
  const node = engines.node.replace('>=', '>= ');
  return `Package: imaged
Version: ${version}
Architecture: ${architecture}
Maintainer: ${maintainer}
Installed-Size: ${kilobytes}
Depends: nodejs (${node}), libc6, systemd | systemd-standalone-sysusers | systemd-sysusers
Recommends: crun | runc, libisal2, gpg, ca-certificates, zstd, uidmap
Suggests: podman, openssh-client, bash-completion
Section: admin
Priority: optional
Description: container images as a typed local service
 The daemon imaged serves the varlink interface io.podman on a unix socket: it
 pulls, pushes, builds, lists and removes the images in the store that podman,
 buildah and skopeo use, too. imagectl is its command line, with podman's
 spelling. A connection to the socket starts the daemon.
`;
}
