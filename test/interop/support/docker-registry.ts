// A real docker-registry on a free port of the loopback, with its blobs in a temporary directory.
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { freePort, removeTree, temporaryDirectory } from './files.js';
import { stop, Transcript } from './process.js';

export interface DockerRegistry {
  /** `127.0.0.1:PORT`, plain http unless it was started with TLS. */
  readonly host: string;
  close(): Promise<void>;
}

/**
 * Starts the registry; `directory` keeps its content for the next start, else it is removed at the end.
 * `settings` are further lines of its configuration, `http` what follows in the table of that name: `tls: { … }`.
 */
export async function startDockerRegistry(
  directory?: string,
  settings: readonly string[] = [],
  http = '',
): Promise<DockerRegistry> {
  const home = directory ?? (await temporaryDirectory('registry'));
  await mkdir(home, { recursive: true });
  const host = `127.0.0.1:${await freePort()}`;
  const configuration = join(home, 'config.yml');
  await writeFile(
    configuration,
    [
      'version: 0.1',
      'log: { level: warn, accesslog: { disabled: true } }',
      `storage: { filesystem: { rootdirectory: ${JSON.stringify(home)} }, delete: { enabled: true } }`,
      `http: { addr: ${host}${http === '' ? '' : `, ${http}`} }`,
      ...settings,
      '',
    ].join('\n'),
  );
  const child = spawn('docker-registry', ['serve', configuration], { stdio: ['ignore', 'pipe', 'pipe'] });
  const transcript = new Transcript(child.stdout, child.stderr);
  const close = async (): Promise<void> => {
    await stop(child);
    if (directory === undefined) {
      await removeTree(home);
    }
  };
  // One with TLS answers that it is no plain http, and so it does answer.
  if (!(await answers(`http://${host}/v2/`, () => child.exitCode !== null))) {
    await close();
    throw new Error(`docker-registry did not start: ${transcript.text}`);
  }
  return { host, close };
}

/** Asks until there is an answer; false when the time (ms) is up or there will be none. */
async function answers(url: string, over: () => boolean, timeout = 15_000): Promise<boolean> {
  const deadline = Date.now() + timeout;
  while (!over() && Date.now() < deadline) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
      await response.arrayBuffer();
      return true;
    } catch {
      await new Promise((resolve) => {
        setTimeout(resolve, 50);
      });
    }
  }
  return false;
}
