// RUN: what it runs, as whom, and what it leaves (build.md, How RUN is run).
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { file, type ConformanceCase } from '../conformance-case.js';

const from = 'FROM localhost/base/busybox\n';

const noTraces =
  'RUN leaves no files and directories that were made for mounts; buildah leaves /run/secrets, the places of `--volume`, and in images without them /dev, /proc, /sys and files of /etc.';

const fewer =
  'RUN has the capabilities CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, NET_BIND_SERVICE, SETFCAP, SETGID, SETPCAP, SETUID and SYS_CHROOT; buildah gives AUDIT_WRITE, MKNOD and NET_RAW, too.';

const keyed =
  'RUN --mount=type=bind adds the digest of what is mounted to the text that the cache compares; buildah 1.28 does not notice changes of it.';

function sha256(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}

export const runCases: readonly ConformanceCase[] = [
  {
    name: 'runs in shell form',
    dockerfile: `${from}RUN echo a > /a && (echo b; echo c) | sort -r > /b\n`,
  },
  {
    name: 'runs in exec form without a shell',
    dockerfile: `${from}RUN ["touch", "/$HOME"]\n`,
  },
  {
    name: 'changes, removes and adds files',
    dockerfile: `${from}RUN rm /etc/group && echo x >> /etc/passwd && mv /home/user /home/moved\n`,
  },
  {
    name: 'replaces a directory',
    dockerfile: `${from}RUN mkdir /d && echo a > /d/a\nRUN rm -r /d && mkdir /d && echo b > /d/b\n`,
  },
  {
    name: 'renames a directory of a layer below',
    dockerfile: `${from}RUN mkdir /d && echo a > /d/a\nRUN mv /d /e\n`,
  },
  {
    name: 'changes modes and owners only',
    dockerfile: `${from}RUN chmod 600 /etc/passwd && chown 5:6 /etc/group && chmod 711 /var\n`,
  },
  {
    name: 'makes hard links within a layer',
    dockerfile: `${from}RUN echo a > /a && ln /a /b && ln -s a /c\n`,
  },
  {
    name: 'makes a hard link to a file of a layer below',
    dockerfile: `${from}RUN ln /etc/passwd /linked\n`,
  },
  {
    name: 'sets times',
    dockerfile: `${from}RUN touch -d '2001-02-03 04:05:06' /a && mkdir /d && touch -d '2002-03-04 05:06:07' /d\n`,
  },
  {
    name: 'makes fifos',
    dockerfile: `${from}RUN mkfifo /fifo\n`,
  },
  {
    name: 'leaves a layer although nothing changed',
    dockerfile: `${from}RUN true\n`,
  },
  {
    name: 'leaves nothing of what was mounted',
    dockerfile: `${from}RUN ls / > /list && test -d /proc/self && test -e /dev/null && test -d /sys\n`,
  },
  {
    name: 'keeps files of the image where things are mounted',
    dockerfile: `${from}RUN mkdir -p /run /etc && echo own > /etc/marker\nRUN cat /etc/resolv.conf > /dev/null; cat /etc/hosts > /dev/null\n`,
  },
  {
    name: 'runs as the user',
    dockerfile: `${from}USER user\nRUN id > /tmp/id; echo $HOME > /tmp/home\n`,
  },
  {
    name: 'runs as user and group',
    dockerfile: `${from}USER user:staff\nRUN id -u > /tmp/id; id -g >> /tmp/id; id -G >> /tmp/id\n`,
  },
  {
    name: 'runs as an unknown number',
    dockerfile: `${from}USER 4242\nRUN id -u > /tmp/id; id -g >> /tmp/id; echo $HOME >> /tmp/id\n`,
  },
  {
    name: 'has the supplementary groups of a user',
    dockerfile: `${from}USER user\nRUN id -G > /tmp/id\n`,
  },
  {
    name: 'fails as an unknown user',
    dockerfile: `${from}USER nobody-here\nRUN true\n`,
    fails: /nobody-here/,
  },
  {
    name: 'runs in the work directory',
    dockerfile: `${from}WORKDIR /srv\nRUN pwd > pwd\n`,
  },
  {
    name: 'runs with the environment of the image',
    dockerfile: `${from}ENV A=1 B="two words"\nRUN env | grep -v -e ^HOSTNAME= -e ^SHLVL= -e ^BUILDAH_ -e ^container= | sort > /env\n`,
  },
  {
    name: 'runs with a path although the image has none',
    dockerfile: `FROM scratch\nCOPY --from=localhost/base/busybox / /\nRUN echo $PATH > /path\n`,
  },
  {
    name: 'has an umask of 0022',
    dockerfile: `${from}RUN umask > /umask; touch /f; mkdir /d\n`,
  },
  {
    name: 'has capabilities for what builds do',
    dockerfile: `${from}RUN touch /f && chown 3:4 /f && chmod 4755 /f && grep CapEff /proc/self/status > /cap\n`,
    options: ['--isolation', 'oci'],
    differs: { why: fewer, ours: { 'tree /cap content': sha256('CapEff:\t00000000800405fb\n') } },
  },
  {
    name: 'adds and drops capabilities',
    dockerfile: `${from}RUN grep -e CapEff -e CapBnd /proc/self/status > /cap\n`,
    options: ['--isolation', 'oci', '--cap-add', 'CAP_SYS_PTRACE', '--cap-drop', 'CAP_CHOWN'],
    differs: {
      why: fewer,
      ours: { 'tree /cap content': sha256('CapEff:\t00000000800c05fa\nCapBnd:\t00000000800c05fa\n') },
    },
  },
  {
    name: 'fails with the status and the text',
    dockerfile: `${from}RUN echo before && exit 42\n`,
    fails: /exit 42[^]*exit status 42/,
  },
  {
    name: 'fails for a program that there is not',
    dockerfile: `${from}RUN ["/no/such/program"]\n`,
    fails: /no\/such\/program/,
  },
  {
    name: 'shows both outputs',
    dockerfile: `${from}RUN echo to-out; echo to-err >&2\n`,
    says: /(?=[^]*^to-out$)(?=[^]*^to-err$)/m,
  },
  {
    name: 'reads nothing',
    dockerfile: `${from}RUN wc -c > /count\n`,
  },
  {
    name: 'binds a directory of the context',
    files: [file('dir/a', 'a')],
    dockerfile: `${from}RUN --mount=type=bind,source=dir,target=/mnt cat /mnt/a > /copy\n`,
    differs: { why: keyed, open: ['history 5 created_by'] },
  },
  {
    name: 'binds a directory of a stage',
    dockerfile: `${from.trim()} AS one\nRUN mkdir /out && echo made > /out/made\n${from}RUN --mount=type=bind,from=one,source=/out,target=/mnt cat /mnt/made > /copy\n`,
    differs: { why: keyed, open: ['history 5 created_by'] },
  },
  {
    name: 'binds a directory of an image',
    dockerfile: `${from}RUN --mount=type=bind,from=localhost/base/layers,source=/,target=/mnt cat /mnt/two > /copy\n`,
    differs: { why: keyed, open: ['history 5 created_by'] },
  },
  {
    name: 'throws away what is written to a bound directory',
    files: [file('dir/a', 'a')],
    dockerfile: `${from}RUN --mount=type=bind,source=dir,target=/mnt,rw echo b > /mnt/b && ls /mnt > /list\n`,
    differs: { why: keyed, open: ['history 5 created_by'] },
  },
  {
    name: 'throws away what is written to a bound stage',
    dockerfile: `${from.trim()} AS one\nRUN mkdir /out && touch /out/a\n${from}RUN --mount=type=bind,from=one,source=/out,target=/mnt,rw touch /mnt/b && ls /mnt > /list\nRUN --mount=type=bind,from=one,source=/out,target=/mnt ls /mnt > /list\n`,
    differs: {
      why: 'What RUN writes to a stage that is bound with rw is gone when it ends; in buildah 1.28 it stays in that stage.',
      ours: { 'tree /list content': sha256('a\n'), 'tree /list size': 2 },
      open: ['history 5 created_by', 'history 6 created_by'],
    },
  },
  {
    name: 'mounts a tmpfs',
    dockerfile: `${from}RUN --mount=type=tmpfs,target=/mnt echo gone > /mnt/x && ls /mnt > /list\n`,
  },
  {
    name: 'begins a cache with the files of a stage',
    dockerfile: `${from.trim()} AS one\nRUN mkdir /out && echo seed > /out/seed\n${from}RUN --mount=type=cache,from=one,source=/out,target=/cache cat /cache/seed > /copy\n`,
  },
  {
    name: 'mounts a cache',
    dockerfile: `${from}RUN --mount=type=cache,id=CASE,target=/cache echo kept > /cache/x\nRUN --mount=type=cache,id=CASE,target=/cache cat /cache/x > /copy\n`,
  },
  {
    name: 'mounts a secret',
    files: [file('hidden', 'secret text')],
    dockerfile: `${from}RUN --mount=type=secret,id=s wc -c < /run/secrets/s > /size\n`,
    options: ['--secret', 'id=s,src=CONTEXT/hidden'],
    differs: {
      why: noTraces,
      ours: { 'tree /run/secrets': undefined },
    },
  },
  {
    name: 'runs in a root that has nothing',
    files: [file('busybox', readFileSync('/bin/busybox'), { mode: 0o755 })],
    dockerfile: 'FROM scratch\nCOPY busybox /\nRUN ["/busybox", "touch", "/done"]\n',
    differs: {
      why: noTraces,
      ours: Object.fromEntries(
        ['dev', 'etc', 'proc', 'run', 'sys'].map((name) => [`tree /${name}`, undefined]),
      ),
    },
  },
  {
    name: 'mounts directories and files of the host',
    files: [file('dir/a', 'a'), file('alone', 'alone')],
    dockerfile: `${from}RUN cat /mounted/dir/a /mounted-file > /copy\n`,
    options: ['--volume', 'CONTEXT/dir:/mounted/dir', '--volume', 'CONTEXT/alone:/mounted-file'],
    differs: { why: noTraces, ours: { 'tree /mounted': undefined, 'tree /mounted-file': undefined } },
  },
  {
    name: 'mounts a secret where it is told',
    files: [file('hidden', 'secret text')],
    dockerfile: `${from}RUN --mount=type=secret,id=s,target=/etc/secret,mode=0444,uid=1000 wc -c < /etc/secret > /size; stat -c %a:%u /etc/secret >> /size\n`,
    options: ['--secret', 'id=s,src=CONTEXT/hidden'],
  },
  {
    name: 'fails without a secret that is required',
    dockerfile: `${from}RUN --mount=type=secret,id=s,required=true true\n`,
    fails: /secret|required/,
  },
  {
    name: 'goes on without a secret that is not required',
    dockerfile: `${from}RUN --mount=type=secret,id=s test ! -e /run/secrets/s && echo none > /a\n`,
  },
  {
    name: 'has no network when told so',
    dockerfile: `${from}RUN --network=none cut -d: -f1 /proc/net/dev | grep -c -v -e face -e Inter -e lo > /count || true\n`,
    differs: {
      why: 'RUN --network is newer than buildah 1.28.',
      instead: { dockerfile: `${from}RUN echo 0 > /count\n` },
    },
  },
  {
    name: 'adds hosts',
    dockerfile: `${from}RUN grep -c added /etc/hosts > /count\n`,
    options: ['--isolation', 'oci', '--add-host', 'added:10.0.0.1'],
  },
];
