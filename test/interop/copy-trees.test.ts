// COPY and ADD leave the same trees as buildah's: types, modes, owners, times, attributes, links.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { CopyBench, CopyPeer } from './support/copy-bench.js';

const context = `
echo hi > a; chmod 640 a; touch -d '2001-01-01 00:00:00.7' a; echo yo > b; chmod 755 b; mkdir -p d/e/f
echo 1 > d/e/f/g; ln -s ../x d/l; ln d/e/f/g d/hard; mkfifo d/fifo; mkdir -m 750 d/empty; chown 12:34 d/e b
python3 -c 'import os; os.setxattr("b", "user.foo", b"bar"); os.setxattr("d/e", "user.dir", b"v")'
truncate -s 1M sparse; printf z >> sparse; ln -s a la; ln -s d ld; mkdir s; ln a s/a2; ln a s/a3
mkdir raw; printf y > raw/$'bad\\377'; touch -h -d '2002-02-02 00:00:00.2' d/l; touch -d 2003-03-03 d/e/f d/e d/fifo b sparse d/empty d
mkdir -p t/d/e; echo hi > t/a; echo yo > t/d/b; ln t/a t/hard; ln -s a t/l; chmod 4755 t/d/b; chown 5:6 t/a; mkfifo t/fifo
chmod 1777 t/d/e; chmod 700 t/d; chmod 751 t; find t -exec touch -h -d '2004-01-01 00:00:00.2' {} +
tar czf gnu.tgz -C t .; tar --format=pax -cf pax.tar -C t .; tar cf nodot.tar -C t a d l; tar c -C t . | zstd -q > x.zst
tar cf deep.tar --transform 's,^,x/y/,' -C t a l; tar cPf abs.tar --transform 's,^,/,' -C t a; echo plain | gzip -n > p.gz; rm -r t
`;

const base = `
mkdir -p usr/lib etc app full; chmod 700 app; chown 5:6 app; ln -s usr/lib lib; ln -s /usr absusr; ln -s ../../../../etc etc/up
echo old > file; ln -s file linkfile; ln -s /nowhere/x dangling; echo f > full/f
echo u:x:7:8::: > etc/passwd; echo g:x:9: > etc/group; touch -d 2000-01-01 app usr usr/lib etc file full etc/passwd etc/group full/f
`;

const cases: readonly (readonly [string, readonly string[]])[] = [
  [
    'files to all kinds of places',
    [
      'COPY a /x1',
      'COPY a b /app/',
      'COPY b /new/dir/',
      'COPY a /lib/',
      'COPY a /absusr/q',
      'COPY a /etc/up/z',
      'COPY b /file',
      'COPY a /linkfile',
      'COPY sparse /sp',
      'COPY la /la2',
      'COPY la /app/',
      'COPY a /app/../q/./r',
      'COPY a /../../up',
      'COPY raw /raw/',
    ],
  ],
  ['a link that leads nowhere', ['COPY a /dangling']],
  ['a tree into such a link', ['COPY d /dangling']],
  ['trees', ['COPY d /app', 'COPY d /deep/er/', 'COPY ld /byl/', 'COPY . /whole', 'COPY d /']],
  [
    'owners',
    [
      'COPY --chown=u:g d /app/',
      'COPY --chown=u a /n1/n2/',
      'COPY --chown=77 a /n3',
      'COPY --chown=3:g d /n4',
    ],
  ],
  ['modes', ['COPY --chmod=711 d /app/', 'COPY --chmod=4600 a /n1/n2/']],
  ['names of one file', ['COPY s /s']],
  ['several sources into a directory without a slash', ['COPY a b /app']],
  ['a pattern that finds nothing beside a source', ['COPY a zz* /x/']],
  ...['gnu.tgz', 'pax.tar', 'nodot.tar', 'x.zst', 'deep.tar', 'abs.tar'].map(
    (name) =>
      [
        `the archive ${name}`,
        [`ADD ${name} /`, `ADD ${name} /app`, `ADD ${name} /n/e/w`, `ADD ${name} /lib/`],
      ] as const,
  ),
  ['what is no archive', ['ADD p.gz /p', 'ADD p.gz /app/', 'ADD a d /mix/']],
];

let peer: CopyPeer;

beforeAll(async () => {
  peer = await CopyPeer.create();
});

afterAll(() => peer.remove());

it.each(cases)(
  'copies %s as buildah does',
  async (_, lines) => {
    const bench = await CopyBench.create(context, base);
    try {
      for (const line of lines) await bench.copy(line);
      expect(await bench.tree()).toEqual(await peer.tree(bench, base, lines));
    } finally {
      await bench.remove();
    }
  },
  60_000,
);

describe('what buildah refuses', () => {
  it.each([
    ['COPY d /file', 'already exists but is not a directory'],
    ['COPY a b /file', 'already exists but is not a directory'],
    ['COPY a /file/x', 'a file is in the way'],
    ['COPY --chown=nobody a /x', 'unknown user "nobody"'],
    ['COPY zz /x', 'checking on sources: "/zz": no such file or directory'],
    ['COPY zz* /x/', 'no such file or directory'],
    ['COPY [ /x/', 'syntax error in pattern'],
  ])('refuses %s', async (line, message) => {
    const bench = await CopyBench.create(context, base);
    try {
      await expect(bench.copy(line)).rejects.toThrow(message);
      await expect(peer.tree(bench, base, [line])).rejects.toThrow('exit 125');
    } finally {
      await bench.remove();
    }
  });
});
