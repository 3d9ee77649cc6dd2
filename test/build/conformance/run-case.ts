// Builds a case with both and says what is not as it must be.
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { mkdir } from 'node:fs/promises';

import { removeTree, temporaryDirectory } from '../../interop/support/files.js';
import type { Builder, BuildEnd } from './builders.js';
import { compareFacts } from './compare-facts.js';
import type { ConformanceCase, Facts, Variant, WebFile } from './conformance-case.js';
import { writeContext } from './context.js';
import { imageFacts } from './image-facts.js';

export const standardVariants: readonly Variant[] = [
  { layers: true, format: 'docker' },
  { layers: false, format: 'oci' },
];

export const allVariants: readonly Variant[] = [
  ...standardVariants,
  { layers: true, format: 'oci' },
  { layers: false, format: 'docker' },
];

interface Built extends BuildEnd {
  readonly facts: Facts;
}

let names = 0;

/** One line for each thing that is wrong; none where all is well. */
export async function runCase(
  one: ConformanceCase,
  variant: Variant,
  { ours, peer }: { readonly ours: Builder; readonly peer: Builder },
): Promise<string[]> {
  const server = await serve(one.web ?? {});
  const directory = await temporaryDirectory('case');
  try {
    const web = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    names += 1;
    const name = `localhost/case/${names}:latest`;
    const build = async (builder: Builder, what: ConformanceCase, place: string): Promise<Built> => {
      const context = join(directory, place);
      await mkdir(context);
      await writeContext(context, what, web);
      const { options = [], environment = {} } = what;
      const started = Date.now();
      const end = await builder.build({ ...variant, context, name, options, environment });
      const facts = end.built
        ? imageFacts(builder.store.root, name, started)
        : new Map([['outcome', 'failed']]);
      return { ...end, facts };
    };
    const [own, peers] = await Promise.all([
      build(ours, one, 'ours'),
      build(peer, { ...one, ...one.differs?.instead }, 'peer'),
    ]);
    return judge(one, own, peers);
  } finally {
    server.close();
    await removeTree(directory);
  }
}

function judge({ fails, says, differs }: ConformanceCase, own: Built, peers: Built): string[] {
  const problems = compareFacts(own.facts, peers.facts, differs);
  // The same failure may be one of the case itself.
  if (fails === undefined && !own.built) problems.push('imaged was not to fail');
  if (fails !== undefined && own.built) problems.push('imaged was to fail');
  for (const pattern of [fails, says]) {
    if (pattern !== undefined && !pattern.test(own.log)) problems.push(`imaged does not say ${pattern}`);
  }
  if (problems.length > 0) problems.push(`imaged: ${own.log}`, `buildah: ${peers.log}`);
  return problems;
}

async function serve(files: Readonly<Record<string, WebFile>>): Promise<Server> {
  const server = createServer((request, response) => {
    const found = files[new URL(request.url ?? '/', 'http://localhost').pathname];
    response.writeHead(found?.status ?? (found === undefined ? 404 : 200), found?.headers ?? {});
    response.end(found?.content);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
