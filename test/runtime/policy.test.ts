import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseImageLocation } from '../../src/oci/image-location.js';
import { configurationPaths } from '../../src/runtime/configuration-paths.js';
import { policyGate, signerFor } from '../../src/runtime/policy.js';
import { sampleSource } from './copy-parts.js';

const { signal } = new AbortController();

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imaged-test-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const paths = (signaturePolicy?: string) =>
  configurationPaths({
    environment: { HOME: directory },
    uid: 1000,
    ...(signaturePolicy !== undefined && { signaturePolicy }),
  });

describe('the gate', () => {
  it('is shut without a policy', async () => {
    const path = join(directory, 'none.json');
    const message = `open ${path}: no such file or directory`;
    await expect(policyGate(paths(path))).rejects.toMatchObject({ name: 'PolicyError', message });
  });

  it('is shut with a policy that cannot be understood', async () => {
    const path = join(directory, 'policy.json');
    await writeFile(path, '{"default":[{"type":"insecureAcceptAnything","x":1}]}');
    await expect(policyGate(paths(path))).rejects.toThrow(`invalid policy in "${path}": Unknown key "x"`);
  });

  it('says whose policy rejects an image', async () => {
    const path = join(directory, 'policy.json');
    await writeFile(path, '{"default":[{"type":"reject"}]}');
    const gate = await policyGate(paths(path));
    const source = sampleSource();
    const manifest = await source.manifest(undefined, signal);
    const { transport, name } = source.origin;
    await expect(gate.admit(source.origin, manifest, async () => [], signal)).rejects.toThrow(
      `Source image rejected: Running image ${transport}:${name} is rejected by policy. (reject for default in ${path})`,
    );
  });

  it('goes by the policy of the time when it was made', async () => {
    const path = join(directory, 'policy.json');
    await writeFile(path, '{"default":[{"type":"insecureAcceptAnything"}]}');
    const gate = await policyGate(paths(path));
    await writeFile(path, '{"default":[{"type":"reject"}]}');
    const source = sampleSource();
    const manifest = await source.manifest(undefined, signal);
    await expect(gate.admit(source.origin, manifest, async () => [], signal)).resolves.toBeUndefined();
  });
});

describe('a signer', () => {
  it.each([
    ['dir', '/d'],
    ['oci', '/d:name'],
    ['oci-archive', '/d:name'],
    ['docker-archive', '/d'],
  ] as const)('needs a name that is one in registries: %s:%s', (transport, rest) => {
    const location = parseImageLocation({ transport, rest });
    expect(() => signerFor('key', location, paths())).toThrow(
      `Cannot determine canonical Docker reference for destination ${transport}:${rest}`,
    );
  });
});
