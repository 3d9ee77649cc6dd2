// The name under which an image is saved.
import { describe, expect, it } from '@jest/globals';
import { additionalNames, saveName } from '../../../src/runtime/copy/save-name.js';
import type { StoredImage } from '../../../src/store/index.js';

const id = `abc${'0'.repeat(61)}`;

function nameFor(text: string, ...names: readonly string[]): string | undefined {
  return saveName({ id, names } as unknown as StoredImage, text);
}

describe('the name of a saved image', () => {
  it.each([
    ['example.com/a:1', ['example.com/b:1', 'example.com/a:1'], 'example.com/a:1'],
    ['busybox', ['docker.io/library/busybox:latest'], 'docker.io/library/busybox:latest'],
    ['busybox', ['localhost/busybox:latest'], 'localhost/busybox:latest'],
    ['busybox', ['docker.io/library/busybox:latest', 'localhost/busybox:latest'], 'localhost/busybox:latest'],
    ['multi:1', ['example.com/x/multi:2', 'example.com/x/multi:1'], 'example.com/x/multi:1'],
    ['x/multi:1', ['example.com/x/multi:1'], 'example.com/x/multi:1'],
    ['ulti:1', ['example.com/multi:1'], undefined],
    ['example.com/a', ['example.com/a:latest'], 'example.com/a:latest'],
    [`example.com/a@sha256:${'1'.repeat(64)}`, ['example.com/a:1'], undefined],
    [`example.com/a@sha256:${'1'.repeat(64)}`, [`example.com/a@sha256:${'1'.repeat(64)}`], undefined],
    ['bc00', ['example.com/a:1'], undefined],
    [id, ['example.com/a:1'], undefined],
    [`sha256:${id}`, ['example.com/a:1'], undefined],
    ['multi:1', ['<none>', 'example.com/multi:1'], 'example.com/multi:1'],
  ])('for %s of %j is %s', (text, names, expected) => {
    expect(nameFor(text, ...names)).toBe(expected);
  });

  it('may be one of several, in full, without those that have no tag', () => {
    expect(additionalNames(['a:1', 'b', 'example.com/c:2', `d:1@sha256:${'1'.repeat(64)}`])).toEqual([
      'docker.io/library/a:1',
      'example.com/c:2',
    ]);
    expect(() => additionalNames(['UPPER:1'])).toThrow('repository name must be lowercase');
  });
});
