// The store is the cache: what buildah has built imaged goes on from, and the other way round.
import { chmodSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { archive, file } from '../build/conformance/conformance-case.js';
import { imageRecords } from './support/store-content.js';
import { Workshop } from './support/workshop.js';

jest.setTimeout(120_000);

const dockerfile = `ARG BASE=busybox
FROM localhost/base/$BASE AS first
ARG VERSION=1
RUN echo "made $VERSION" > /made
FROM localhost/base/$BASE
ENV A=1
LABEL kind=cached
COPY a d /to/
COPY --chown=user --chmod=0640 a /owned
ADD a.tar /unpacked/
WORKDIR /srv
ARG VERSION=1
RUN echo $VERSION > version && echo $A > a
COPY --from=first /made /made
RUN ["touch", "/touched"]
USER user
CMD ["cat", "/made"]
`;

const files = [
  file('a', 'a'),
  file('d/b', 'b'),
  file('d/c', 'c', { mode: 0o755 }),
  archive('a.tar', [{ name: 'x', content: 'x' }]),
];

let workshop: Workshop;

beforeAll(async () => {
  workshop = await Workshop.open();
});

afterAll(() => workshop?.close());

function hits(log: string): number {
  return log.match(/^--> Using cache [0-9a-f]{64}$/gm)?.length ?? 0;
}

async function images(): Promise<number> {
  return (await imageRecords(workshop.store.root)).length;
}

describe.each(['oci', 'docker'] as const)('images of format %s', (format) => {
  it('that buildah built are hits for imaged at every step', async () => {
    const context = await workshop.context(`${dockerfile}LABEL by=buildah-${format}\n`, files);
    const name = `localhost/by-buildah:${format}`;
    const first = await workshop.buildah(context, { format, name });
    const before = await images();
    const second = await workshop.imagectl(context, { format, name });
    expect(second.log).not.toContain('made 1');
    expect(second.id).toBe(first.id);
    expect(hits(second.log)).toBe(15);
    expect(await images()).toBe(before);
  });

  it('that imaged built are hits for buildah at every step', async () => {
    const context = await workshop.context(`${dockerfile}LABEL by=imaged-${format}\n`, files);
    const name = `localhost/by-imaged:${format}`;
    const first = await workshop.imagectl(context, { format, name });
    const before = await images();
    const second = await workshop.buildah(context, { format, name });
    expect(second.id).toBe(first.id);
    // buildah counts the last step of a stage that it commits anew under its name.
    expect(hits(second.log)).toBe(15);
    expect(await images()).toBe(before);
  });
});

describe('a build that is built again', () => {
  it('is a hit at every step, and keeps its id', async () => {
    const context = await workshop.context(`${dockerfile}LABEL again=1\n`, files);
    const first = await workshop.imagectl(context);
    const second = await workshop.imagectl(context);
    expect(second.id).toBe(first.id);
    expect(hits(second.log)).toBe(15);
  });

  it('does not notice other times, but other modes and contents', async () => {
    const text = 'FROM localhost/base/busybox\nENV TEST=content\nCOPY a /a\nRUN cat /a > /b\n';
    const context = await workshop.context(text, files);
    await workshop.imagectl(context);
    utimesSync(join(context, 'a'), 1000, 1000);
    expect(hits((await workshop.imagectl(context)).log)).toBe(3);
    chmodSync(join(context, 'a'), 0o600);
    expect(hits((await workshop.imagectl(context)).log)).toBe(1);
    expect(hits((await workshop.imagectl(context)).log)).toBe(3);
    // Of the same length, and with the time it had.
    writeFileSync(join(context, 'a'), 'A');
    utimesSync(join(context, 'a'), 1000, 1000);
    expect(hits((await workshop.imagectl(context)).log)).toBe(1);
  });

  it('runs again what stands below a changed argument, and nothing above it', async () => {
    const text =
      'FROM localhost/base/busybox\nENV TEST=args\nRUN echo above\nARG V=1\nRUN echo below $V\nRUN echo end\n';
    const context = await workshop.context(text);
    await workshop.imagectl(context);
    const other = await workshop.imagectl(context, { options: ['--build-arg', 'V=2'] });
    expect(other.log).toContain('below 2');
    expect(other.log).not.toMatch(/^above$/m);
    expect(other.log).toMatch(/^end$/m);
    const same = await workshop.imagectl(context, { options: ['--build-arg', 'V=1'] });
    expect(same.log).not.toMatch(/^end$/m);
  });

  it('runs everything again when told not to use the cache', async () => {
    const context = await workshop.context('FROM localhost/base/busybox\nENV TEST=without\nRUN echo runs\n');
    await workshop.imagectl(context);
    const again = await workshop.imagectl(context, { useCache: false });
    expect(hits(again.log)).toBe(0);
    expect(again.log).toMatch(/^runs$/m);
  });

  it('does not find images of another format', async () => {
    const context = await workshop.context('FROM localhost/base/busybox\nENV TEST=format\nRUN echo runs\n');
    await workshop.imagectl(context, { format: 'oci' });
    expect(hits((await workshop.imagectl(context, { format: 'docker' })).log)).toBe(0);
  });

  it('does not find an image that was removed', async () => {
    const context = await workshop.context('FROM localhost/base/busybox\nENV TEST=removed\nRUN echo runs\n');
    const { id } = await workshop.imagectl(context, { name: 'localhost/removed:latest' });
    await workshop.store.podmanOutput('rmi', id);
    const again = await workshop.imagectl(context);
    expect(again.log).toMatch(/^runs$/m);
  });

  it('notices what another stage has made anew', async () => {
    const text = (made: string): string =>
      `FROM localhost/base/busybox AS one\nRUN ${made}\nFROM localhost/base/busybox\nENV TEST=stages\nCOPY --from=one /x /x\nRUN cat /x\n`;
    await workshop.imagectl(await workshop.context(text("printf 'one\\n' > /x")));
    const other = await workshop.imagectl(await workshop.context(text("printf 'two\\n' > /x")));
    expect(other.log).toMatch(/^two$/m);
    // It is told by content: another step that makes the same file is the same source.
    const same = await workshop.imagectl(await workshop.context(text("printf 'two' > /x; echo >> /x")));
    expect(same.log).not.toMatch(/^two$/m);
  });
});

describe('an image that imaged built', () => {
  it('is run by podman and has its history there', async () => {
    const context = await workshop.context(dockerfile, files);
    const name = 'localhost/run-it:latest';
    await workshop.imagectl(context, { name });
    expect(await workshop.store.podmanOutput('run', '--rm', name)).toBe('made 1');
    const history = await workshop.store.podmanOutput(
      'history',
      '--no-trunc',
      '--format',
      '{{.CreatedBy}}',
      name,
    );
    const lines = history.split('\n');
    expect(lines.slice(0, 3)).toEqual([
      '/bin/sh -c #(nop) CMD ["cat", "/made"]',
      '/bin/sh -c #(nop) USER user',
      '|1 VERSION=1 /bin/sh -c ["touch", "/touched"]',
    ]);
    expect(await workshop.store.podmanOutput('image', 'exists', name)).toBe('');
  });
});
