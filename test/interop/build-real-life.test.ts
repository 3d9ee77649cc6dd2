// Images as people build them: a Debian with ten steps, a Node application of several stages, a static binary alone.
import { copyFile, mkdir, realpath, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { type DockerRegistry, startDockerRegistry } from './support/docker-registry.js';
import { debianBase } from './support/debian-base.js';
import { output } from './support/process.js';
import { remains } from './support/crashes.js';
import { Workshop } from './support/workshop.js';

jest.setTimeout(20 * 60_000);

let registry: DockerRegistry;
let workshop: Workshop;

beforeAll(async () => {
  registry = await startDockerRegistry();
  workshop = await Workshop.open({ insecure: [registry.host] });
});

afterAll(async () => {
  await workshop?.close();
  await registry?.close();
});

/** Pushes it with imaged, removes it, pulls it with podman; what it prints when it runs is in the result. */
async function throughRegistry(name: string): Promise<string> {
  const { store, daemon } = workshop;
  const remote = `${registry.host}/${name.replace(/^localhost\//, '')}`;
  await daemon.call('PushImage', {
    name,
    tag: remote,
    compress: false,
    format: '',
    removeSignatures: false,
    signBy: '',
  });
  await store.podmanOutput('rmi', '--force', name);
  await store.podmanOutput('pull', '--quiet', '--tls-verify=false', remote);
  return await store.podmanOutput('run', '--rm', remote);
}

describe('a Debian with ten steps', () => {
  const dockerfile = `FROM localhost/debian
ENV LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive
LABEL org.opencontainers.image.title="ten steps"
RUN useradd --create-home --shell /bin/bash --uid 1234 app && passwd --lock app
COPY --chown=app:app app /home/app/src
RUN mkdir -p package/DEBIAN package/opt/tool \\
 && printf 'Package: tool\\nVersion: 1.0\\nArchitecture: all\\nMaintainer: x <x@example.com>\\nDescription: a tool\\n' > package/DEBIAN/control \\
 && printf '#!/bin/sh\\necho tool 1.0\\n' > package/opt/tool/run && chmod 755 package/opt/tool/run \\
 && dpkg-deb --build package tool.deb && dpkg --install tool.deb && rm -r package tool.deb
RUN ln -s /opt/tool/run /usr/local/bin/tool && ldconfig
RUN perl -e 'print join(",", map { $_ * $_ } 1..5), "\\n"' > /opt/squares
RUN find /usr/share/doc /usr/share/man -type f -delete && rm -rf /usr/share/locale/*
RUN tar -C /etc -czf /opt/etc.tar.gz . && gzip --test /opt/etc.tar.gz && chmod 600 /opt/etc.tar.gz
WORKDIR /home/app
USER app
RUN cp -r src work && sed -i 's/hello/Hello/' work/greeting && chmod g+s work
CMD ["sh", "-c", "cat work/greeting; tool; cat /opt/squares; id -un"]
`;
  const said = 'Hello\ntool 1.0\n1,4,9,16,25\napp';

  beforeAll(async () => {
    const context = join(workshop.store.directory, 'debian');
    await mkdir(context);
    await copyFile(await debianBase(), join(context, 'base.tar'));
    await writeFile(join(context, 'Dockerfile'), 'FROM scratch\nADD base.tar /\nCMD ["bash"]\n');
    await workshop.imagectl(context, { name: 'localhost/debian:latest' });
  });

  it.each([true, false])('runs after it was pushed and pulled (layers: %s)', async (layers) => {
    const context = await workshop.context(dockerfile, [
      { path: 'app/greeting', type: 'file', content: 'hello\n' },
    ]);
    const name = 'localhost/ten-steps:1';
    await workshop.imagectl(context, { name, layers, useCache: false });
    expect(await workshop.store.podmanOutput('run', '--rm', name)).toBe(said);
    expect(await throughRegistry(name)).toBe(said);
    expect(await remains(workshop.store.root)).toEqual([]);
  });
});

describe('a Node application of several stages', () => {
  it('runs with its packages and without what was needed to build it', async () => {
    const context = await workshop.context(
      `FROM localhost/node AS packages
WORKDIR /app
COPY package.json ./
COPY packages packages
RUN mkdir -p node_modules && for one in packages/*.tgz; do \\
      mkdir node_modules/$(basename $one -1.0.0.tgz) && \\
      tar -xzf $one -C node_modules/$(basename $one -1.0.0.tgz) --strip-components=1; done
FROM packages AS build
COPY src src
RUN mkdir dist && for file in src/*.js; do sed 's/__VERSION__/1.2.3/' "$file" > dist/$(basename "$file"); done \\
 && node --check dist/main.js
FROM build AS test
RUN node dist/main.js | grep -q 1.2.3
FROM localhost/node
ENV NODE_ENV=production
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY --from=build --chown=1000:1000 /app/dist dist
USER 1000
ENTRYPOINT ["node", "dist/main.js"]
`,
      [
        { path: 'package.json', type: 'file', content: '{"name":"app","dependencies":{"greet":"1.0.0"}}' },
        {
          path: 'packages/greet-1.0.0.tgz',
          type: 'archive',
          compression: 'gzip',
          entries: [
            { name: 'package/package.json', content: '{"name":"greet","version":"1.0.0"}' },
            { name: 'package/index.js', content: 'module.exports = (who) => `greetings, ${who}`;\n' },
          ],
        },
        {
          path: 'src/main.js',
          type: 'file',
          content: "console.log(require('greet')('__VERSION__'), process.env.NODE_ENV, process.getuid());\n",
        },
      ],
    );
    await buildNode();
    const name = 'localhost/node-app:1';
    const { log } = await workshop.imagectl(context, { name });
    expect(log).not.toContain('grep -q');
    expect(await workshop.store.podmanOutput('run', '--rm', name)).toBe('greetings, 1.2.3 production 1000');
    expect(await throughRegistry(name)).toBe('greetings, 1.2.3 production 1000');
  });

  /** This machine's node with the libraries it needs, on the busybox. */
  async function buildNode(): Promise<void> {
    const context = join(workshop.store.directory, 'node');
    const libraries = await output('ldd', [process.execPath]);
    const paths = [...libraries.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)].map((match) => match[1] ?? '');
    for (const path of paths) {
      const place = join(context, 'root', path);
      await mkdir(dirname(place), { recursive: true });
      await copyFile(await realpath(path), place);
    }
    await mkdir(join(context, 'root/usr/bin'), { recursive: true });
    await copyFile(process.execPath, join(context, 'root/usr/bin/node'));
    await writeFile(
      join(context, 'Dockerfile'),
      'FROM localhost/base/busybox\nRUN ln -s busybox /bin/basename\nCOPY root /\n',
    );
    await workshop.imagectl(context, { name: 'localhost/node:latest' });
  }
});

describe('a static binary alone', () => {
  it('is an image of one file, and runs', async () => {
    const context = await workshop.context(
      'FROM scratch\nCOPY busybox /\nENTRYPOINT ["/busybox", "echo"]\nCMD ["alone"]\n',
    );
    await copyFile('/bin/busybox', join(context, 'busybox'));
    const name = 'localhost/static:1';
    await workshop.imagectl(context, { name });
    expect(await workshop.store.podmanOutput('run', '--rm', name)).toBe('alone');
    expect(await throughRegistry(name)).toBe('alone');
  });
});
