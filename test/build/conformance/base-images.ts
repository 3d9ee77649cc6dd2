// The images that cases begin with, made without a network from the static busybox.
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { removeTree, temporaryDirectory } from '../../interop/support/files.js';
import type { PeerStore } from '../../interop/support/peer-store.js';

// A few only: every tree is compared as a whole.
const applets = [
  'sh',
  'ash',
  'cat',
  'chmod',
  'chown',
  'cp',
  'cut',
  'date',
  'dd',
  'df',
  'echo',
  'env',
  'false',
  'grep',
  'head',
  'hostname',
  'id',
  'ln',
  'ls',
  'mkdir',
  'mkfifo',
  'mknod',
  'mount',
  'mv',
  'printenv',
  'pwd',
  'readlink',
  'rm',
  'sed',
  'sleep',
  'sort',
  'stat',
  'tar',
  'test',
  'touch',
  'tr',
  'true',
  'umask',
  'wc',
  'xargs',
];

const busybox = `FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "sh", "-c", "for name in ${applets.join(' ')}; do /bin/busybox ln -s busybox /bin/$name; done"]
COPY passwd group /etc/
RUN mkdir -m 1777 /tmp && mkdir -m 700 /root && mkdir -p /home/user /var/lib /usr/bin && chown 1000:1000 /home/user
CMD ["sh"]
`;

const passwd = `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
user:x:1000:1000:User:/home/user:/bin/sh
other:x:1001:100:Other:/home/other:/bin/sh
`;

const group = `root:x:0:
daemon:x:1:
staff:x:50:user,other
users:x:100:
user:x:1000:
`;

const full = `FROM localhost/base/busybox
MAINTAINER Base Author <base@example.com>
ENV BASE=base PATH=/usr/bin:/bin
LABEL base=yes overwritten=no
EXPOSE 80
VOLUME /data
WORKDIR /srv
USER user
ENTRYPOINT ["/bin/sh", "-c"]
CMD ["echo base"]
STOPSIGNAL SIGINT
HEALTHCHECK --interval=5s --retries=2 CMD true
SHELL ["/bin/ash", "-c"]
`;

const onbuild = `FROM localhost/base/busybox
ONBUILD COPY triggered /triggered
ONBUILD RUN echo ran > /ran
ONBUILD ENV TRIGGERED=yes
`;

interface Recipe {
  readonly name: string;
  readonly format: 'docker' | 'oci';
  readonly layers: boolean;
  readonly dockerfile: string;
}

const recipes: readonly Recipe[] = [
  { name: 'busybox', format: 'docker', layers: false, dockerfile: busybox },
  { name: 'full', format: 'docker', layers: true, dockerfile: full },
  { name: 'onbuild', format: 'docker', layers: false, dockerfile: onbuild },
  {
    name: 'layers',
    format: 'oci',
    layers: true,
    dockerfile: 'FROM localhost/base/busybox\nRUN echo one > /one\nRUN echo two > /two && rm /one\n',
  },
];

/** Makes `localhost/base/NAME` in a store, all with times of 2023. */
export async function makeBases(store: PeerStore): Promise<void> {
  const context = await temporaryDirectory('base');
  try {
    await copyFile('/bin/busybox', join(context, 'busybox'));
    await writeFile(join(context, 'passwd'), passwd);
    await writeFile(join(context, 'group'), group);
    for (const { name, format, layers, dockerfile } of recipes) {
      const path = join(context, `Dockerfile.${name}`);
      await writeFile(path, dockerfile);
      const how = ['--isolation', 'chroot', '--timestamp', '1700000000', '--no-cache'];
      const what = [`--layers=${layers}`, '--format', format, '--tag', `localhost/base/${name}`];
      await store.buildahOutput('bud', '--quiet', ...how, ...what, '--file', path, context);
    }
  } finally {
    await removeTree(context);
  }
}
