import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseNormalized } from '../../src/oci/reference.js';
import { RegistriesDError } from '../../src/signature/errors.js';
import { parseRegistriesD, readRegistriesD, signaturePlaces } from '../../src/signature/registries-d.js';

const places = async (text: string, name: string) =>
  signaturePlaces(await parseRegistriesD(text), parseNormalized(name));

const config = `
default-docker:
  lookaside: https://default
  use-sigstore-attachments: true
docker:
  quay.io:
    lookaside: https://quay
    lookaside-staging: file:///staging
  quay.io/team:
    use-sigstore-attachments: false
  quay.io/team/app:
    lookaside: https://app
  quay.io/team/app:1:
    lookaside-staging: file:///one
  '*.example.com':
    sigstore: https://old
    sigstore-staging: file:///old
  localhost:5000:
    lookaside: https://new
    sigstore: https://old
`;

describe('registries.d', () => {
  it.each([
    ['busybox:1', 'https://default', 'https://default', true],
    ['quay.io/other/app:1', 'https://quay', 'file:///staging', true],
    ['quay.io/team/x:1', 'https://quay', 'file:///staging', false],
    ['quay.io/team/app:2', 'https://app', 'https://app', false],
    ['quay.io/team/app:1', 'https://app', 'file:///one', false],
    ['a.example.com:5000/app:1', 'https://old', 'file:///old', true],
    ['localhost:5000/app:1', 'https://new', 'https://new', true],
  ])(
    'says each thing by the most specific namespace that has it: %s',
    async (name, lookaside, staging, attachments) => {
      expect(await places(config, name)).toEqual({ lookaside, staging, attachments });
    },
  );

  it.each(['', '# nothing', 'docker:', 'docker: {}\ndefault-docker: {}', 'other: 1'])(
    'may say nothing: %j',
    async (text) => {
      expect(await places(text, 'busybox:1')).toEqual({
        lookaside: undefined,
        staging: undefined,
        attachments: false,
      });
    },
  );

  it('knows booleans as YAML 1.1 writes them, and leaves unknown keys alone', async () => {
    const text = 'default-docker:\n  use-sigstore-attachments: yes\n  use-something-new: 1\n';
    expect(await places(text, 'busybox:1')).toMatchObject({ attachments: true });
  });

  it.each<[string, string]>([
    ['- a', 'the file is not a table'],
    ['docker: [a]', 'docker is not a table'],
    ['docker:\n  1: {}', 'a key is not a text'],
    ['docker:\n  quay.io: x', 'quay.io is not a table'],
    ['default-docker:\n  lookaside: [a]', 'lookaside is not a text'],
    ['default-docker:\n  use-sigstore-attachments: 1', 'use-sigstore-attachments is not a boolean'],
    ['default-docker: [', ''],
    ['docker:\n  quay.io: {}\n  quay.io: {}', 'Map keys must be unique'],
    ['default-docker: {}\ndefault-docker: {}', 'Map keys must be unique'],
    ['a: 1\n---\nb: 1', 'multiple documents'],
  ])('is refused when it is %j', async (text, message) => {
    await expect(parseRegistriesD(text)).rejects.toThrow(message);
    await expect(parseRegistriesD(text)).rejects.toBeInstanceOf(RegistriesDError);
  });

  it('is refused when few lines stand for very many', async () => {
    const lines = Array.from({ length: 9 }, (_, at) => {
      const before = at === 0 ? '"x"' : `*a${at - 1}`;
      return `a${at}: &a${at} [${Array.from({ length: 9 }, () => before).join(', ')}]`;
    });
    await expect(parseRegistriesD(lines.join('\n'))).rejects.toThrow('alias');
  });
});

describe('the directory', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'imaged-test-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it('is the first that exists, with all its YAML files as one', async () => {
    await writeFile(join(directory, 'a.yaml'), 'default-docker: { lookaside: https://a }');
    await writeFile(join(directory, 'b.yaml'), 'docker: { quay.io: { lookaside: https://b } }');
    await writeFile(join(directory, 'c.yml'), 'nonsense: [');
    const read = await readRegistriesD([join(directory, 'none'), directory, '/']);
    expect(signaturePlaces(read, parseNormalized('quay.io/x:1')).lookaside).toBe('https://b');
    expect(signaturePlaces(read, parseNormalized('busybox')).lookaside).toBe('https://a');
  });

  it('need not exist', async () => {
    expect(await readRegistriesD([join(directory, 'none')])).toEqual({
      defaults: undefined,
      namespaces: new Map(),
    });
  });

  it.each([
    ['default-docker: {}', '"default-docker"'],
    ['docker: { quay.io: {} }', '"docker" namespace "quay.io"'],
  ])('may not say the same twice: %s', async (text, what) => {
    await writeFile(join(directory, 'a.yaml'), text);
    await writeFile(join(directory, 'b.yaml'), text);
    await expect(readRegistriesD([directory])).rejects.toThrow(
      `Error parsing signature storage configuration: ${what} defined both in "${directory}/a.yaml" and "${directory}/b.yaml"`,
    );
  });

  it('names the file that is wrong, too large or no file', async () => {
    const path = join(directory, 'a.yaml');
    await writeFile(path, 'docker: 1');
    await expect(readRegistriesD([directory])).rejects.toThrow(`parsing ${path}: docker is not a table`);
    await writeFile(path, `#${'x'.repeat(2 * 1024 * 1024)}`);
    await expect(readRegistriesD([directory])).rejects.toThrow(`${path} has more than 131072 bytes`);
  });
});
