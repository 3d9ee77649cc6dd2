import { describe, expect, it } from '@jest/globals';
import { filterImages } from '../../../src/runtime/images/image-filter.js';
import { instant } from '../../../src/runtime/time.js';
import type { ImageSummary } from '../../../src/runtime/images/image-list.js';

function image(id: string, rest: Partial<ImageSummary> = {}): ImageSummary {
  return {
    id,
    digest: '',
    digests: [],
    parentId: '',
    repoTags: [],
    repoDigests: [],
    created: '2024-01-01T00:00:00Z',
    size: 0,
    virtualSize: 0,
    containers: 0,
    labels: {},
    isParent: false,
    topLayer: '',
    readOnly: false,
    history: [],
    ...rest,
  };
}

const images = [
  image('aa1', {
    repoTags: ['docker.io/library/busybox:latest'],
    created: '2024-01-01T00:00:00Z',
    containers: 1,
  }),
  image('bb2', {
    repoTags: ['localhost/app:1', 'quay.io/team/app:2'],
    created: '2024-02-01T00:00:00Z',
    labels: { tier: 'front', empty: '', equation: 'a=b=c' },
    digests: ['sha256:1234'],
  }),
  image('cc3', { created: '2024-03-01T00:00:00Z', isParent: true, readOnly: true }),
  image('dd4', { created: '2024-03-01T00:00:00Z' }),
];

const named = (name: string): ImageSummary => {
  const found = images.find(({ id }) => id === name);
  if (found === undefined) throw new Error(`unable to find ${name}`);
  return found;
};

function ids(...filters: string[]): string {
  const context = {
    findByName: named,
    isIndex: (id: string) => id === 'dd4',
    // The last two were made in the same second.
    madeAt: (id: string) => (instant(named(id).created) ?? 0n) + (id === 'dd4' ? 1n : 0n),
  };
  return filterImages(images, filters, context)
    .map(({ id }) => id)
    .join(' ');
}

describe('filters of the image list', () => {
  it.each([
    ['dangling=true', 'cc3 dd4'],
    ['dangling=F', 'aa1 bb2'],
    ['intermediate=true', 'cc3'],
    ['readonly=1', 'cc3'],
    ['containers=true', 'aa1'],
    ['before=bb2', 'aa1'],
    ['since=bb2', 'cc3 dd4'],
    ['after=bb2', 'cc3 dd4'],
    ['after=cc3', 'dd4'],
    ['before=dd4', 'aa1 bb2 cc3'],
    ['label=tier', 'bb2'],
    ['label=tier=front', 'bb2'],
    ['label=tier=back', ''],
    ['label=empty', 'bb2'],
    ['label=absent', ''],
    ['label=absent=', ''],
    ['label=equation=a=b=c', 'bb2'],
    ['label=toString', ''],
    ['reference=busybox', 'aa1'],
    ['reference=team/app', 'bb2'],
    ['reference=app:[12]', 'bb2'],
    ['id=aa', 'aa1'],
    ['id=sha256:bb2', 'bb2'],
    ['id=', ''],
    ['digest=sha256:12', 'bb2'],
    ['label!=tier', 'aa1 cc3 dd4'],
    ['manifest=true', 'dd4'],
    ['manifest=0', 'aa1 bb2 cc3'],
    ['until=2024-02-01T00:00:00Z', 'aa1'],
    ['until!=2024-02-01T00:00:00Z', 'bb2 cc3 dd4'],
    ['until=1706745601', 'aa1 bb2'],
    ['until=1h', 'aa1 bb2 cc3 dd4'],
  ])('%s gives %s', (filter, expected) => {
    expect(ids(filter)).toBe(expected);
  });

  it('must all match', () => {
    expect(ids('dangling=false', 'label=tier')).toBe('bb2');
    expect(ids('dangling=true', 'label=tier')).toBe('');
  });

  it.each([
    ['nonsense', 'invalid filter syntax nonsense'],
    ['colour=red', 'invalid filter colour '],
    ['dangling=maybe', 'invalid filter dangling=maybe: strconv.ParseBool: parsing "maybe": invalid syntax'],
    [
      'dangling=false=x',
      'invalid filter dangling=false=x: strconv.ParseBool: parsing "false=x": invalid syntax',
    ],
    ['manifest=maybe', 'invalid filter manifest=maybe: strconv.ParseBool: parsing "maybe": invalid syntax'],
    [
      'until=tomorrow',
      'invalid filter until=tomorrow: failed to parse value as time or duration: "tomorrow"',
    ],
    ['reference=[', 'syntax error in pattern *[*'],
  ])('%s is refused: %s', (filter, message) => {
    expect(() => ids(filter)).toThrow(message);
  });
});
