// Stages side by side, stages left out, and what a request adds to the result.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { parseConfig, type ImageConfig } from '../../src/oci/config.js';
import { parseManifest } from '../../src/oci/manifest.js';
import { dataFileName } from '../../src/store/big-data.js';
import { file } from '../build/conformance/conformance-case.js';
import { CommandError } from './support/process.js';
import { Workshop } from './support/workshop.js';

jest.setTimeout(120_000);

let workshop: Workshop;

beforeAll(async () => {
  workshop = await Workshop.open();
});

afterAll(() => workshop?.close());

function data(id: string, key: string): Promise<Buffer> {
  return readFile(join(workshop.store.root, 'overlay-images', id, dataFileName(key)));
}

async function configOf(id: string): Promise<ImageConfig> {
  return parseConfig(await data(id, `sha256:${id}`));
}

async function failure(context: string, options: readonly string[] = []): Promise<string> {
  try {
    await workshop.imagectl(context, { options });
  } catch (error) {
    if (error instanceof CommandError) return error.message;
    throw error;
  }
  throw new Error('it was built');
}

/** Ends well only if somebody else does the opposite at the same time. */
function meets(own: string, other: string): string {
  const wait = `for i in $(seq 1600); do [ -e /c/${other} ] && exit 0; sleep 0.05; done; exit 9`;
  return `RUN --mount=type=cache,id=meeting,target=/c touch /c/${own}; ${wait}`;
}

describe('stages', () => {
  it('that need nothing of one another run at the same time', async () => {
    const context = await workshop.context(`FROM localhost/base/busybox AS a
${meets('a', 'b')}
RUN echo a > /a
FROM localhost/base/busybox AS b
${meets('b', 'a')}
RUN echo b > /b
FROM localhost/base/busybox
COPY --from=a /a /
COPY --from=1 /b /
RUN cat /a /b
`);
    const { log } = await workshop.imagectl(context);
    expect(log).toMatch(/^a\nb$/m);
  });

  it('end when another one has failed, which is what is told', async () => {
    const context = await workshop.context(`FROM localhost/base/busybox AS a
RUN sleep 100; echo slept
FROM localhost/base/busybox AS b
RUN sleep 1; exit 3
FROM localhost/base/busybox
COPY --from=a /a /
COPY --from=b /b /
`);
    const message = await failure(context);
    expect(message).toContain('exit status 3');
    expect(message).not.toMatch(/^slept$/m);
  });

  it('that the target does not need are not run, unless asked for', async () => {
    const context = await workshop.context(`FROM localhost/base/busybox AS unused
RUN echo nobody needs this
FROM localhost/base/busybox AS wanted
RUN echo wanted
FROM localhost/base/no-such-image AS last
`);
    const some = await workshop.imagectl(context, { options: ['--target', 'wanted'] });
    expect(some.log).not.toMatch(/^nobody needs this$/m);
    expect(some.log).toMatch(/^wanted$/m);
    const all = await workshop.imagectl(context, {
      options: ['--target', 'wanted', '--skip-unused-stages=false'],
    });
    expect(all.log).toMatch(/^nobody needs this$/m);
  });

  it('are not begun when one of them cannot be', async () => {
    const context = await workshop.context(`FROM localhost/base/busybox
RUN echo begun
COPY --from=later /x /
FROM localhost/base/busybox AS later
`);
    const message = await failure(context, ['--target', '0']);
    expect(message).toMatch(/--from=later on line 3/);
    expect(message).not.toMatch(/^begun$/m);
  });

  it.each([true, false])('see what the one they begin with has set (layers: %s)', async (layers) => {
    const context = await workshop.context(`FROM localhost/base/busybox AS first
ARG WHO=you
ENV SET=here
WORKDIR /somewhere
USER 5:6
FROM first
RUN echo $WHO $SET $(pwd) $(id -u):$(id -g) > /tmp/x; cat /tmp/x
`);
    const { log } = await workshop.imagectl(context, { layers });
    expect(log).toMatch(/^you here \/somewhere 5:6$/m);
  });
});

describe('the result', () => {
  const text = 'FROM localhost/base/busybox\nENV TEST=result\nCOPY a /a\nCMD ["x"]\n';
  const files = [file('a', 'a')];

  it('has the labels that are wanted now, on the layers that are there', async () => {
    const context = await workshop.context(text, files);
    const plain = await workshop.imagectl(context);
    const labelled = await workshop.imagectl(context, { options: ['--label', 'a=b'] });
    expect(labelled.log.match(/Using cache/g)).toHaveLength(3);
    expect(labelled.id).not.toBe(plain.id);
    const config = await configOf(labelled.id);
    expect(config.config.labels).toMatchObject({ a: 'b' });
    expect(config.rootfs).toEqual((await configOf(plain.id)).rootfs);
    expect((await workshop.imagectl(context)).id).toBe(plain.id);
  });

  it('has the annotations that are wanted now, and those of its base', async () => {
    const context = await workshop.context(text, files);
    await workshop.imagectl(context);
    const { id } = await workshop.imagectl(context, { options: ['--annotation', 'a=b'] });
    const { annotations } = parseManifest(await data(id, 'manifest'));
    expect(annotations).toMatchObject({
      a: 'b',
      'org.opencontainers.image.base.name': 'localhost/base/busybox:latest',
    });
  });

  it('says what OCI images have no place for, and what was given in vain', async () => {
    const context = await workshop.context(
      'FROM localhost/base/busybox\nSHELL ["/bin/sh", "-ec"]\nHEALTHCHECK CMD true\nONBUILD RUN true\n',
    );
    const { log } = await workshop.imagectl(context, {
      options: ['--build-arg', 'B=1', '--build-arg', 'A=1'],
    });
    for (const name of ['SHELL', 'HEALTHCHECK', 'ONBUILD'])
      expect(log).toContain(`[Warning] ${name} is not supported for OCI image format`);
    expect(log).toContain('[Warning] one or more build args were not consumed: [A B]');
    const docker = await workshop.imagectl(context, { format: 'docker' });
    expect(docker.log).not.toContain('[Warning]');
    const { config } = await configOf(docker.id);
    expect(config).toMatchObject({ shell: ['/bin/sh', '-ec'], onBuild: ['RUN true'] });
  });

  it.each([true, false])(
    'is one layer with all that there is when it is squashed (layers: %s)',
    async (layers) => {
      const context = await workshop.context(
        'FROM localhost/base/busybox\nENV TEST=squash\nCOPY a /a\nRUN rm /bin/wget; echo b > /b\nCMD ["cat", "/a"]\n',
        files,
      );
      const { id, log } = await workshop.imagectl(context, { layers, options: ['--squash-all'] });
      const { rootfs, history } = await configOf(id);
      expect(rootfs.diffIds).toHaveLength(1);
      expect(history.map(({ emptyLayer }) => emptyLayer)).toEqual([true, true, true, false]);
      expect(history.at(-1)?.comment).toMatch(/^FROM /);
      expect(log.match(/^COMMIT /gm)).toHaveLength(1);
      const name = 'localhost/built:latest';
      expect(await workshop.store.podmanOutput('run', '--rm', name)).toBe('a');
      const left = await workshop.store.podmanOutput(
        'run',
        '--rm',
        name,
        'sh',
        '-c',
        'ls /bin/wget /b || true',
      );
      expect(left).toBe('/b');
    },
  );

  it('is the base itself where the Dockerfile has nothing but FROM', async () => {
    const context = await workshop.context('FROM localhost/base/busybox\n');
    const base = await workshop.store.podmanOutput(
      'inspect',
      '--format',
      '{{.Id}}',
      'localhost/base/busybox',
    );
    expect((await workshop.imagectl(context)).id).toBe(base);
    const { id } = await workshop.imagectl(context, { options: ['--label', 'own=1'] });
    expect(id).not.toBe(base);
    expect((await configOf(id)).config.labels).toMatchObject({ own: '1' });
  });
});
