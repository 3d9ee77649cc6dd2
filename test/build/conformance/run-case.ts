// Builds a case with both and says what is not as it must be.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { removeTree, temporaryDirectory } from '../../interop/support/files.js';
import type { Builder, BuildEnd } from './builders.js';
import { compareFacts } from './compare-facts.js';
import type { ConformanceCase, Facts, Json, Variant, WebFile } from './conformance-case.js';
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

export interface Built extends BuildEnd {
  readonly facts: Facts;
}

let names = 0;

/** Builds it as imaged is to build it, or as buildah is. */
export async function buildCase(one: ConformanceCase, variant: Variant, builder: Builder): Promise<Built> {
  const server = await serve(one.web ?? {});
  const context = await temporaryDirectory('case');
  try {
    const web = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await writeContext(context, one, web);
    names += 1;
    const name = `localhost/case/${names}:latest`;
    const { options = [], environment = {} } = one;
    const end = await builder.build({ ...variant, context, name, options, environment });
    if (!end.built) return { ...end, facts: new Map([['outcome', 'failed']]) };
    const facts = [...imageFacts(builder.store.root, name)];
    return { ...end, facts: new Map(facts.map(([key, value]) => [key, withoutPort(value, web)])) };
  } finally {
    server.close();
    await removeTree(context);
  }
}

/** What the peer builds of a case. */
export function peerCase(one: ConformanceCase): ConformanceCase {
  return { ...one, ...one.differs?.instead };
}

/** One line for each thing that is wrong; none where all is well. */
export function judge({ fails, says, differs }: ConformanceCase, own: Built, peers: Built): string[] {
  const problems = compareFacts(own.facts, peers.facts, differs);
  if (fails === undefined && !own.built) problems.push('imaged was not to fail');
  if (fails !== undefined && own.built) problems.push('imaged was to fail');
  for (const pattern of [fails, says]) {
    if (pattern !== undefined && !pattern.test(own.log)) problems.push(`imaged does not say ${pattern}`);
  }
  if (problems.length > 0) problems.push(`imaged: ${own.log}`, `buildah: ${peers.log}`);
  return problems;
}

/** The port of the server is another one each time. */
function withoutPort(value: Json, web: string): Json {
  return typeof value === 'string' ? value.replaceAll(web, 'http://web') : value;
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
