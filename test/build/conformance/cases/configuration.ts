// Instructions that change the configuration only (build.md, Instructions).
import { createHash } from 'node:crypto';

import type { ConformanceCase, Variant } from '../conformance-case.js';

const from = 'FROM localhost/base/busybox\n';

/** What OCI has no place for. */
const docker: readonly Variant[] = [
  { layers: true, format: 'docker' },
  { layers: false, format: 'docker' },
];

const atOnce =
  'WORKDIR makes its directory and those above it; buildah 1.28 makes the last one, when a step needs it or the whole stage is one layer.';

const oci: readonly Variant[] = [{ layers: true, format: 'oci' }];

export const configurationCases: readonly ConformanceCase[] = [
  {
    name: 'inherits everything of its base',
    dockerfile: 'FROM localhost/base/full\nLABEL added=yes\n',
    variants: docker,
    differs: { why: atOnce, open: ['tree /srv'] },
  },
  {
    name: 'inherits what OCI has a place for',
    dockerfile: 'FROM localhost/base/full\nLABEL added=yes overwritten=yes\n',
    variants: oci,
  },
  {
    name: 'begins with nothing from scratch',
    dockerfile: 'FROM scratch\nENV A=1\nLABEL a=b\n',
  },
  {
    name: 'takes CMD in exec form',
    dockerfile: `${from}CMD ["a", "b c"]\n`,
  },
  {
    name: 'takes CMD in shell form',
    dockerfile: `${from}CMD echo  two  blanks $HOME\n`,
  },
  {
    name: 'takes an empty CMD',
    dockerfile: `${from}CMD []\n`,
  },
  {
    name: 'takes ENTRYPOINT in both forms, the last one',
    dockerfile: `${from}ENTRYPOINT a b\nENTRYPOINT ["c", "d"]\n`,
  },
  {
    name: 'clears the inherited CMD by ENTRYPOINT',
    dockerfile: 'FROM localhost/base/full\nENTRYPOINT ["x"]\n',
    differs: { why: atOnce, open: ['tree /srv'] },
  },
  {
    name: 'keeps CMD of its own stage with ENTRYPOINT',
    dockerfile: `${from}CMD ["own"]\nENTRYPOINT ["x"]\n`,
  },
  {
    name: 'uses the shell of SHELL for CMD and ENTRYPOINT',
    dockerfile: `${from}SHELL ["/bin/ash", "-e", "-c"]\nCMD run this\nENTRYPOINT and that\n`,
    variants: docker,
    differs: {
      why: 'CMD and ENTRYPOINT in shell form use the shell of SHELL, as Docker does; buildah always writes /bin/sh -c.',
      ours: {
        'config Cmd': ['/bin/ash', '-e', '-c', 'run this'],
        'config Entrypoint': ['/bin/ash', '-e', '-c', 'and that'],
      },
    },
  },
  {
    name: 'uses the shell of SHELL for RUN',
    dockerfile: `${from}SHELL ["/bin/busybox", "ash", "-c"]\nRUN echo "$0" > /a\n`,
    variants: docker,
  },
  {
    name: 'refuses SHELL that is not JSON',
    dockerfile: `${from}SHELL /bin/sh -c\n`,
    fails: /SHELL/,
  },
  {
    name: 'exposes ports with their protocols',
    dockerfile: `${from}EXPOSE 80 443/tcp 53/UDP 9/sctp\nEXPOSE 80/tcp\n`,
    differs: {
      why: 'EXPOSE writes protocols in lower case; buildah leaves them as they are.',
      ours: { 'config ExposedPorts': { '80/tcp': {}, '443/tcp': {}, '53/udp': {}, '9/sctp': {} } },
    },
  },
  {
    name: 'exposes ranges of ports',
    dockerfile: `${from}EXPOSE 7000-7002 9000-9001/udp\n`,
    differs: {
      why: 'EXPOSE makes one entry for each port of a range, as Docker does; buildah keeps the range as one entry.',
      ours: {
        'config ExposedPorts': {
          '7000/tcp': {},
          '7001/tcp': {},
          '7002/tcp': {},
          '9000/udp': {},
          '9001/udp': {},
        },
      },
    },
  },
  {
    name: 'refuses a port that is none',
    dockerfile: `${from}EXPOSE eighty\n`,
    fails: /eighty/,
    differs: {
      why: 'EXPOSE checks its ports; buildah writes whatever is there into the image.',
      ours: { outcome: 'failed' },
      open: ['config', 'history', 'layers', 'manifest', 'names', 'tree'],
    },
  },
  {
    name: 'adds volumes in both forms',
    dockerfile: `${from}VOLUME /one /two\nVOLUME ["/three", "/with blank"]\n`,
    differs: {
      why: 'VOLUME makes no directories; buildah makes those it mounts in a container of its own.',
      open: ['tree /three', 'tree /with blank'],
    },
  },
  {
    name: 'keeps what COPY puts into a volume',
    files: [{ path: 'a', type: 'file', content: 'a' }],
    dockerfile: `${from}RUN mkdir /v && echo before > /v/before\nVOLUME /v\nCOPY a /v/a\n`,
  },
  {
    name: 'keeps what RUN changes in a volume',
    dockerfile: `${from}RUN mkdir /v\nVOLUME /v\nRUN echo after > /v/after\n`,
    variants: docker,
    differs: {
      why: 'What RUN changes in a volume stays, as in BuildKit; buildah 1.28 throws it away.',
      ours: {
        'tree /v/after': {
          type: 'file',
          mode: '644',
          owner: '0:0',
          mtime: 'now',
          size: 6,
          content: sha256('after\n'),
        },
      },
    },
  },
  {
    name: 'sets labels, the later one wins',
    dockerfile: `${from}LABEL a=1 b="two words"\nLABEL a=3 "quoted key"=x\nLABEL multi="line \\\ncontinued"\n`,
  },
  {
    name: 'takes the old form of LABEL',
    dockerfile: `${from}LABEL key rest of the line\n`,
  },
  {
    name: 'adds labels of the call',
    dockerfile: `${from}LABEL a=1 b=2\n`,
    options: ['--label', 'b=call', '--label', 'c=new'],
  },
  {
    name: 'adds annotations of the call',
    dockerfile: `${from}ENV A=1\n`,
    options: ['--annotation', 'org.example=1'],
    variants: oci,
  },
  {
    name: 'changes the work directory step by step',
    dockerfile: `${from}WORKDIR /a\nWORKDIR b\nWORKDIR ../c/./d/\nRUN pwd > /pwd\n`,
    differs: { why: atOnce, open: ['tree /a/b'] },
  },
  {
    name: 'makes the work directory',
    dockerfile: `${from}WORKDIR /made/for/it\n`,
    differs: {
      why: atOnce,
      open: ['tree /made', 'tree /'],
    },
  },
  {
    name: 'cleans the work directory',
    dockerfile: `${from}WORKDIR /tmp/\n`,
    differs: {
      why: 'WORKDIR is stored as a clean path, as BuildKit and newer buildahs have it; buildah 1.28 keeps a slash at its end.',
      ours: { 'config WorkingDir': '/tmp' },
    },
  },
  {
    name: 'makes the work directory for its user',
    dockerfile: `${from}USER user\nWORKDIR /home/user/x\nRUN touch file && pwd\n`,
    differs: {
      why: 'WORKDIR makes its directory for the user in force, as BuildKit does; buildah makes it root’s.',
      instead: {
        dockerfile: `${from}RUN mkdir /home/user/x && chown 1000:1000 /home/user/x\nUSER user\nWORKDIR /home/user/x\nRUN touch file && pwd\n`,
      },
      open: ['history', 'layers'],
    },
  },
  {
    name: 'takes USER as it is written',
    dockerfile: `${from}USER 12:34\n`,
  },
  {
    name: 'keeps USER of an unknown name until it is used',
    dockerfile: `${from}USER nobody-here\n`,
  },
  {
    name: 'takes STOPSIGNAL by name and by number',
    dockerfile: `${from}STOPSIGNAL SIGTERM\nSTOPSIGNAL 9\n`,
  },
  {
    name: 'refuses a signal that there is not',
    dockerfile: `${from}STOPSIGNAL SIGNOTHING\n`,
    fails: /SIGNOTHING/,
  },
  {
    name: 'sets a health check with all its values',
    dockerfile: `${from}HEALTHCHECK --interval=1m30s --timeout=500ms --start-period=2s --retries=4 CMD test -f /etc/passwd\n`,
    variants: docker,
  },
  {
    name: 'sets the interval of a health check while the container starts',
    dockerfile: `${from}HEALTHCHECK --start-interval=250ms CMD test -f /etc/passwd\n`,
    variants: docker,
    differs: {
      why: 'HEALTHCHECK --start-interval is newer than buildah 1.28.',
      instead: { dockerfile: `${from}HEALTHCHECK CMD test -f /etc/passwd\n` },
      ours: {
        'config Healthcheck': { StartInterval: 250_000_000, Test: ['CMD-SHELL', 'test -f /etc/passwd'] },
      },
    },
  },
  {
    name: 'sets a health check in exec form',
    dockerfile: `${from}HEALTHCHECK CMD ["test", "-f", "/etc/passwd"]\n`,
    variants: docker,
  },
  {
    name: 'takes a health check away',
    dockerfile: 'FROM localhost/base/full\nHEALTHCHECK NONE\n',
    variants: docker,
    differs: { why: atOnce, open: ['tree /srv'] },
  },
  {
    name: 'refuses a health check of an unknown kind',
    dockerfile: `${from}HEALTHCHECK WHATEVER x\n`,
    fails: /HEALTHCHECK/i,
  },
  {
    name: 'refuses a health check with a bad interval',
    dockerfile: `${from}HEALTHCHECK --interval=soon CMD x\n`,
    fails: /soon|interval/,
  },
  {
    name: 'warns once and goes on without a health check in OCI',
    dockerfile: `${from}HEALTHCHECK CMD x\nENV A=1\n`,
    variants: oci,
    says: /HEALTHCHECK/i,
  },
  {
    name: 'sets the author',
    dockerfile: `${from}MAINTAINER Some Body <s@example.com>\n`,
  },
  {
    name: 'stores ONBUILD',
    dockerfile: `${from}ONBUILD RUN echo x\nONBUILD COPY a b\n`,
    variants: docker,
  },
  {
    name: 'runs ONBUILD of its base',
    files: [{ path: 'triggered', type: 'file', content: 't' }],
    dockerfile: 'FROM localhost/base/onbuild\nENV OWN=1\n',
    variants: docker,
  },
  {
    name: 'refuses ONBUILD of ONBUILD',
    dockerfile: `${from}ONBUILD ONBUILD RUN x\n`,
    fails: /ONBUILD/i,
  },
  {
    name: 'refuses ONBUILD of FROM',
    dockerfile: `${from}ONBUILD FROM x\n`,
    fails: /FROM/i,
  },
  {
    name: 'writes another architecture',
    dockerfile: 'FROM scratch\nENV A=1\n',
    options: ['--platform', 'linux/arm64'],
  },
  {
    name: 'names an image several times',
    dockerfile: `${from}ENV A=1\n`,
    options: ['--tag', 'localhost/case/other:1'],
  },
];

function sha256(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}
