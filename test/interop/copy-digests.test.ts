// The digests of COPY and ADD are buildah's own, so that its images are hits for our cache and ours for its.
import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { CopyBench, CopyPeer } from './support/copy-bench.js';

const long = 'x'.repeat(60);
const xattr = (key: string, value: string, file: string): string =>
  `python3 -c 'import os; os.setxattr("${file}", "${key}", b"${value}")'`;

const files = `
echo hi > a; echo yo > b; chmod 755 b; mkdir -p d/e/f empty perm
echo 1 > d/e/f/g; ln -s ../x d/l; ln d/e/f/g d/hard; mkfifo d/fifo; ln -s a la; ln -s d ld; ln -s /a abs
touch -d '2001-01-01 00:00:00.7' d/new; touch -d 1960-01-01 d/old; touch -d '1960-01-01 00:00:01.5' old
chown 12:34 a; chown -R 7:65534 d/e; printf x > ü; mkdir raw; printf y > raw/$'bad\\377'; chmod 1777 empty; chmod 700 perm
mkdir -p ${long}/${long}/${long}/dir; echo deep > ${long}/${long}/${long}/file
ln -s ${long}/${long}/${long}/file longtarget; ln -s ${long}/${long}/${long} d/longlink
truncate -s 1M sparse; printf z >> sparse; head -c 700 /dev/zero > perm/seven
mkdir attr attr/s; echo q > attr/x
${xattr('user.foo', 'bar', 'attr/x')}; ${xattr('user.dir', 'v', 'attr')}; ${xattr('user.s', '1', 'attr/s')}
`;

const fileLines = [
  'COPY a /x1',
  'COPY a /x2/',
  'COPY a b /m/',
  'COPY d /d',
  'COPY ld /ld',
  'COPY la /la',
  'COPY abs /abs',
  'COPY empty /empty',
  'COPY ü /u',
  'COPY ü /ü2',
  `COPY ${long} /long`,
  `COPY ${long} ${long}/${long} /long2/`,
  'COPY attr /attr',
  'COPY attr/x /ax',
  'COPY old /old',
  'COPY raw /raw',
  'COPY sparse /sp',
  'COPY longtarget /lt',
  'COPY perm /perm',
  'COPY [ab] /glob/',
  'COPY * /all/',
  'COPY . /whole/',
  'COPY ../a /up',
  'COPY --chown=1000:2000 a /o1',
  'COPY --chown=77 d /o2',
  'COPY --chown=3000000:1 a /o3',
  'COPY --chmod=600 a /c1',
  'COPY --chmod=4711 d /c2',
  'ADD a /add',
  'ADD d /addd',
];

const archives = `
mkdir -p t/d/e; echo hi > t/a; echo yo > t/d/b; ln t/a t/hard; ln -s a t/l; chmod 4755 t/d/b; chown 5:6 t/a; mkfifo t/fifo
touch -d '2001-01-01 00:00:00.7' t/d/e; printf u > t/ü
mkdir -p t/${long}/${long}; echo x > t/${long}/${long}/f; ln -s ${long}/${long}/${long} t/longl
tar cf gnu.tar -C t .; tar czf gnu.tgz -C t a d l hard; tar --format=pax -cf pax.tar -C t .
tar --format=ustar --exclude=longl -cf ustar.tar -C t .; tar --format=v7 -cf v7.tar -C t a d
tar cJf x.txz -C t .; tar cjf x.tbz -C t .; tar c -C t . | zstd -q > x.zst
echo hello | gzip > plain.gz; : > empty; head -c 10240 /dev/zero > zeros; head -c 5000 /dev/urandom > noise; head -c 900 gnu.tgz > cut.tgz
ln -s gnu.tar link; mkdir sub; cp gnu.tar sub/in.tar
python3 - <<'END'
import tarfile, io
def write(name, format, **more):
    tar = tarfile.open(name, 'w', format=format, **more)
    one = tarfile.TarInfo('f'); one.size = 3; one.mtime = 1234567890.25; one.uname = 'joe'; one.gname = 'x' * 40; one.uid = 3000000
    one.pax_headers = {'SCHILY.xattr.user.foo': 'bar', 'comment': 'c', 'LIBARCHIVE.x': '1'}
    tar.addfile(one, io.BytesIO(b'abc'))
    one = tarfile.TarInfo('/abs/g'); one.size = 600; tar.addfile(one, io.BytesIO(b'a' * 600))
    one = tarfile.TarInfo('dir/'); one.type = tarfile.DIRTYPE; one.mode = 0o1777; tar.addfile(one)
    one = tarfile.TarInfo('hl'); one.type = tarfile.LNKTYPE; one.linkname = 'f'; tar.addfile(one)
    tar.close()
write('py-pax.tar', tarfile.PAX_FORMAT)
write('py-gnu.tar', tarfile.GNU_FORMAT)
write('py-global.tar', tarfile.PAX_FORMAT, pax_headers={'comment': 'deadbeef' * 5})
END
`;

const archiveNames =
  'gnu.tar gnu.tgz pax.tar ustar.tar v7.tar x.txz x.tbz x.zst link cut.tgz py-pax.tar py-gnu.tar py-global.tar ' +
  'plain.gz empty zeros noise sub';
const archiveLines = archiveNames
  .split(' ')
  .flatMap((name) => [`ADD ${name} /file-${name}`, `ADD ${name} /dir-${name}/`]);

let peer: CopyPeer;

beforeAll(async () => {
  peer = await CopyPeer.create();
});

afterAll(() => peer.remove());

it.each([
  ['files and directories', files, fileLines],
  [
    'archives',
    archives,
    [...archiveLines, 'COPY gnu.tar /c', 'ADD gnu.tar noise /m/', 'ADD --chmod=600 pax.tar /o/'],
  ],
])(
  'are those of buildah for %s',
  async (_, context, lines) => {
    const bench = await CopyBench.create(context);
    try {
      const ours: string[] = [];
      for (const line of lines) ours.push(await bench.digest(line));
      expect(labelled(lines, ours)).toEqual(labelled(lines, await peer.digests(bench, lines)));
    } finally {
      await bench.remove();
    }
  },
  120_000,
);

it('are those of buildah for what an ignore file leaves', async () => {
  const bench = await CopyBench.create(
    'mkdir -p a/b keep; touch a/1.txt a/2.log a/b/3.log keep/4.log 5.log 6.txt',
  );
  try {
    await bench.ignore('**/*.log\n!keep\nDockerfile\n.dockerignore\n');
    const lines = ['COPY . /all/', 'COPY a /a', 'COPY keep /keep/'];
    const ours: string[] = [];
    for (const line of lines) ours.push(await bench.digest(line));
    expect(labelled(lines, ours)).toEqual(labelled(lines, await peer.digests(bench, lines)));
  } finally {
    await bench.remove();
  }
});

it('differ where a context has set-id files, which buildah copies without those bits', async () => {
  const bench = await CopyBench.create('echo x > plain; cp plain set; chmod 755 plain; chmod 4755 set');
  try {
    const theirs = await peer.digests(bench, ['COPY plain /plain', 'COPY set /set']);
    expect(await bench.digest('COPY plain /plain')).toBe(theirs[0]);
    expect(await bench.digest('COPY set /set')).not.toBe(theirs[1]);
  } finally {
    await bench.remove();
  }
});

function labelled(lines: readonly string[], digests: readonly string[]): string[] {
  return lines.map((line, index) => `${line} ${digests[index]}`);
}
