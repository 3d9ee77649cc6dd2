import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parsePolicy, readPolicy } from '../../src/signature/policy-file.js';
import { PolicyFormatError } from '../../src/signature/errors.js';
import { acceptedPolicies, refusedPolicies, sigstore, withDefault } from './policies.js';

const parse = (text: string) => parsePolicy(Buffer.from(text));
describe('a policy file', () => {
  it.each(refusedPolicies)('is refused when it is %s', (text, message) => {
    expect(() => parse(text)).toThrow(PolicyFormatError);
    expect(() => parse(text)).toThrow(message);
  });

  it.each(acceptedPolicies.map((text) => [text]))('may be %s', (text) => {
    expect(parse(text).default.length).toBeGreaterThan(0);
  });

  it('takes `__proto__` for an unknown key like any other', () => {
    expect(() => parse('{"default":[{"type":"reject"}],"__proto__":{}}')).toThrow('Unknown key "__proto__"');
  });

  it('names what a sigstore requirement asks for that cannot be verified', () => {
    const [requirement] = parse(sigstore({ fulcio: {}, rekorPublicKeyPath: '/r' })).default;
    expect(requirement).toMatchObject({ keys: undefined, unsupported: ['fulcio', 'rekorPublicKeyPath'] });
  });
});

describe('finding the policy', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'imaged-test-'));
  });
  afterAll(async () => {
    await rm(directory, { recursive: true });
  });

  it('takes the first file that exists', async () => {
    const path = join(directory, 'first.json');
    await writeFile(path, withDefault({ type: 'reject' }));
    expect(await readPolicy([join(directory, 'none'), path, join(directory, 'other')])).toMatchObject({
      path,
    });
  });

  it('names the last place when there is none', async () => {
    const last = join(directory, 'last');
    await expect(readPolicy([join(directory, 'none'), last])).rejects.toThrow(
      `open ${last}: no such file or directory`,
    );
  });

  it('names the file that is wrong', async () => {
    const path = join(directory, 'wrong.json');
    await writeFile(path, '{}');
    await expect(readPolicy([path])).rejects.toThrow(
      `invalid policy in "${path}": Default policy is missing`,
    );
  });

  it('does not read a directory or a file without end', async () => {
    await expect(readPolicy([directory])).rejects.toThrow('is no regular file');
    await expect(readPolicy(['/dev/zero'])).rejects.toThrow('is no regular file');
  });
});
