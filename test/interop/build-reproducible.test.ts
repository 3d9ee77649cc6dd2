// With an epoch the same input gives the same image, wherever and by whomever it is built.
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { archive, file, hardLink, symlink } from '../build/conformance/conformance-case.js';
import { Workshop } from './support/workshop.js';

jest.setTimeout(180_000);

const dockerfile = `FROM localhost/base/busybox AS first
RUN mkdir /out && echo made > /out/made && ln /out/made /out/again
FROM localhost/base/busybox
LABEL kind=reproducible
COPY . /all/
COPY --chown=user dir/b /b
ADD a.tar /unpacked/
WORKDIR /srv/made
ARG VERSION=1
RUN hostname > host && date > /dev/null && mkdir -p x/y && touch x/y/z && rm /etc/group
COPY --from=first /out /out
RUN id > /id
CMD ["sh"]
`;

const files = [
  file('a', 'a'),
  file('dir/b', 'b', { mode: 0o600 }),
  file('dir/c', 'c'),
  hardLink('dir/d', 'dir/c'),
  symlink('dir/e', 'c'),
  archive('a.tar', [{ name: 'packed/x', content: 'x' }]),
];

const epoch = ['--source-date-epoch', '1600000000', '--rewrite-timestamp'];

const shops: Workshop[] = [];

beforeEach(async () => {
  shops.push(await Workshop.open());
});

afterEach(async () => {
  for (const shop of shops.splice(0)) await shop.close();
});

async function build(shop: Workshop, order: Parameters<Workshop['imagectl']>[1] = {}): Promise<string> {
  const context = await shop.context(dockerfile, files);
  const { id } = await shop.imagectl(context, { options: epoch, useCache: false, ...order });
  return id;
}

describe.each([
  { layers: true, format: 'oci' },
  { layers: false, format: 'docker' },
] as const)('a build with an epoch ($format, layers: $layers)', (variant) => {
  it('gives the same image twice, from another directory and with other times of its files', async () => {
    const [shop] = shops as [Workshop];
    const first = await build(shop, variant);
    const context = await shop.context(dockerfile, files);
    // Later than the epoch, or the file's own times are part of the input.
    for (const name of ['a', 'dir/b', 'dir/c']) utimesSync(join(context, name), 1_700_000_000, 1_700_000_000);
    const again = await build(shop, variant);
    expect(again).toBe(first);
  });

  it('gives the same image in another store, of another service', async () => {
    const [shop] = shops as [Workshop];
    const other = await Workshop.open({ bases: shop.store });
    shops.push(other);
    expect(await build(other, variant)).toBe(await build(shop, variant));
  });
});

it('gives the same image whether its steps come from the cache or not', async () => {
  const [shop] = shops as [Workshop];
  const first = await build(shop, { useCache: true });
  expect(await build(shop, { useCache: true })).toBe(first);
  await shop.store.podmanOutput('rmi', '--all', '--force');
});
