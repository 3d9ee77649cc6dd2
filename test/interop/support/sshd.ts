// A real sshd on loopback, with keys of its own, and an `ssh` that finds it as host `far`.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { output, stop } from './process.js';

export interface Sshd {
  /** A directory with `ssh` in it, for the head of the PATH. */
  readonly bin: string;
  readonly pid: number;
  close(): Promise<void>;
}

/** Starts sshd with its files in `directory`. The commands that it runs have `environment`. */
export async function startSshd(
  directory: string,
  environment: Readonly<Record<string, string>>,
): Promise<Sshd> {
  const file = (name: string): string => join(directory, name);
  const port = await freePort();
  for (const key of ['host', 'user'])
    await output('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(key)]);
  const bin = file('bin');
  await mkdir(bin);
  await writeFile(
    file('sshd_config'),
    [
      'ListenAddress 127.0.0.1',
      `Port ${port}`,
      `HostKey ${file('host')}`,
      `AuthorizedKeysFile ${file('user.pub')}`,
      'PidFile none',
      // The directory is below /tmp, which others may write to.
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      `SetEnv ${Object.entries(environment)
        .map(([name, value]) => `"${name}=${value}"`)
        .join(' ')}`,
    ].join('\n'),
  );
  await writeFile(
    file('ssh_config'),
    [
      'Host far',
      'HostName 127.0.0.1',
      `Port ${port}`,
      `IdentityFile ${file('user')}`,
      'IdentitiesOnly yes',
      `UserKnownHostsFile ${file('known_hosts')}`,
      'StrictHostKeyChecking accept-new',
      'BatchMode yes',
    ].join('\n'),
  );
  await writeFile(join(bin, 'ssh'), `#!/bin/sh\nexec /usr/bin/ssh -F ${file('ssh_config')} "$@"\n`);
  await chmod(join(bin, 'ssh'), 0o755);
  await mkdir('/run/sshd', { recursive: true });
  const child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', file('sshd_config')], { stdio: 'ignore' });
  await listening(child, port);
  return { bin, pid: child.pid ?? 0, close: () => stop(child) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Resolves when somebody answers at the port; throws when sshd ends instead. */
async function listening(child: ChildProcess, port: number): Promise<void> {
  while (child.exitCode === null) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch {
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
    } finally {
      socket.destroy();
    }
  }
  throw new Error(`sshd ended with ${child.exitCode}`);
}
