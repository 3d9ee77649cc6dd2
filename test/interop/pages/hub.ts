// What stands behind the registries that pages name: certificates, names, images, and the files of a real docker-registry.
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { startRegistry } from '../../peers/registry.js';
import {
  buildImage,
  buildIndex,
  goArchitecture,
  putIndex,
  type SampleEntry,
} from '../../peers/sample-image.js';
import { startDockerRegistry } from '../support/docker-registry.js';
import { removeTree, temporaryDirectory } from '../support/files.js';
import { output, run } from '../support/process.js';

export interface Hub {
  /** Its files; a page's machine sees a copy of them. */
  readonly directory: string;
  close(): Promise<void>;
}

/** Names that lead to the registries, and to sshd. */
const hosts = [
  'registry-1.docker.io',
  'auth.docker.io',
  'index.docker.io',
  'quay.io',
  'ghcr.io',
  ...['registry', 'mirror', 'harbor', 'cache', 'build', 'far', 'host'].map((name) => `${name}.example.com`),
  'far.example.org',
  'edge.example.org',
];

/** What the registries have, the same small image behind each name. Who is `near` has what the others lack. */
const repositories = {
  far: [
    'library/busybox:latest',
    'library/busybox:1.36',
    'team/app:1',
    'hub/library/busybox:latest',
    'hub/library/alpine:3.20',
    'quay/team/tool:1',
  ],
  near: ['library/alpine:3.20', 'quay.io/team/tool:1', 'team/app:1'],
} as const;

/** Ports of the registries: those of Dragonfly and Spegel speak plain http. */
const ports = { 443: 'far', 5000: 'far', 4001: 'near', 30020: 'near' } as const;

// As in support/peer-store.ts, which says why each line is there.
const containersConf = `[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
netns = "none"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file"
runtime = "runc"
`;

/** Makes the files of the registries, the keys and the configuration. */
export async function openHub(): Promise<Hub> {
  const parent = await temporaryDirectory('hub');
  const close = (): Promise<void> => removeTree(parent);
  try {
    await chmod(parent, 0o755);
    const directory = join(parent, 'hub');
    await mkdir(directory);
    await configure(directory);
    await sign(directory);
    for (const name of ['host', 'user'])
      await output('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(directory, `ssh-${name}`)]);
    await fill(directory);
    return { directory, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function configure(directory: string): Promise<void> {
  const tls = ', tls: { certificate: /run/page/hub/host.crt, key: /run/page/hub/host.key }';
  for (const [port, place] of Object.entries(ports))
    await writeFile(
      join(directory, `${port}.yml`),
      `version: 0.1
log: { level: warn, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: /run/page/hub/${place} }, delete: { enabled: true } }
http: { addr: "127.0.0.1:${port}"${place === 'far' ? tls : ''} }
`,
    );
  await writeFile(join(directory, 'hosts'), `127.0.0.1 ${hosts.join(' ')}\n`);
  await writeFile(join(directory, 'containers.conf'), containersConf);
  await writeFile(join(directory, 'policy.json'), '{ "default": [{ "type": "insecureAcceptAnything" }] }');
}

/** Puts one image, for two platforms, behind every name. */
async function fill(directory: string): Promise<void> {
  const source = await startRegistry();
  try {
    const own = await busybox(goArchitecture());
    const other = await busybox(goArchitecture() === 'arm64' ? 'amd64' : 'arm64');
    putIndex(source, 'busybox', '1', buildIndex([own, other]), [own, other]);
    for (const [place, [first, ...others]] of Object.entries(repositories)) {
      const target = await startDockerRegistry(join(directory, place));
      try {
        await copy(`${source.host}/busybox:1`, `${target.host}/${first}`);
        // What it has it need not be sent. It does not stand several of these at once.
        for (const name of others) await copy(`${target.host}/${first}`, `${target.host}/${name}`);
      } finally {
        await target.close();
      }
    }
  } finally {
    await source.close();
  }
}

async function copy(from: string, to: string): Promise<void> {
  const plain = ['--src-tls-verify=false', '--dest-tls-verify=false'];
  const quietly = ['copy', '--insecure-policy', '--all', '--quiet', ...plain];
  await output('skopeo', [...quietly, `docker://${from}`, `docker://${to}`]);
}

/** Debian's static busybox with all its names, which is what docker.io/library/busybox is, too. */
async function busybox(architecture: string): ReturnType<typeof buildImage> {
  const program = await readFile('/bin/busybox');
  const names = (await output('/bin/busybox', ['--list'])).split('\n').filter((name) => name !== '');
  const links = names
    .filter((name) => name !== 'busybox')
    .map((name): SampleEntry => ({ name: `bin/${name}`, type: 'symlink', linkname: 'busybox' }));
  const directories = ['bin', 'etc', 'root', 'tmp', 'usr', 'var'].map((name): SampleEntry => ({
    name,
    type: 'directory',
    mode: name === 'tmp' ? 0o1777 : 0o755,
  }));
  return buildImage({
    architecture,
    layers: [
      [
        ...directories,
        { name: 'bin/busybox', mode: 0o755, content: program },
        ...links,
        { name: 'etc/passwd', content: 'root:x:0:0:root:/root:/bin/sh\n' },
        { name: 'etc/group', content: 'root:x:0:\n' },
      ],
    ],
    config: { Cmd: ['sh'], Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'] },
    history: [{ created: '2024-01-01T00:00:00Z', created_by: 'BusyBox, and its names' }],
  });
}

/** An authority, and a certificate of it for all names. */
async function sign(directory: string): Promise<void> {
  const file = (name: string): string => join(directory, name);
  const openssl = async (...args: readonly string[]): Promise<void> => {
    const { code, stderr } = await run('openssl', args);
    if (code !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`);
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const names = hosts.map((host) => `DNS:${host}`).join(',');
  await openssl(
    'req',
    '-x509',
    ...key,
    '-subj',
    '/CN=an authority',
    '-keyout',
    file('authority.key'),
    '-out',
    file('authority.crt'),
  );
  await openssl(
    'req',
    ...key,
    '-subj',
    '/CN=registries',
    '-keyout',
    file('host.key'),
    '-out',
    file('host.csr'),
  );
  await writeFile(file('names'), `subjectAltName=${names},IP:127.0.0.1\n`);
  const authority = ['-CA', file('authority.crt'), '-CAkey', file('authority.key'), '-CAcreateserial'];
  await openssl(
    'x509',
    '-req',
    '-in',
    file('host.csr'),
    ...authority,
    '-days',
    '2',
    '-extfile',
    file('names'),
    '-out',
    file('host.crt'),
  );
}
