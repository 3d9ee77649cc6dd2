// An image as the templates of `images` see it.
import type { Image } from '../../src/generated/io-podman.js';
import {
  boolType,
  int64Type,
  intType,
  mapOf,
  sliceOf,
  stringType,
  struct,
  text,
} from '../output/template/go-type.js';
import type { GoType, GoValue, RawStruct } from '../output/template/go-type.js';
import { timeText } from '../output/template/go-time.js';
import { humanAge, humanSize } from '../output/units.js';

/** One line of the list: an image under one of its names. */
export interface ImageRow {
  readonly image: Image;
  readonly repository: string;
  readonly tag: string;
}

interface Settings {
  readonly trunc: boolean;
  readonly now: number;
}

const summaryType = struct(
  'entities.ImageSummary',
  [
    ['ID', stringType, 'Id'],
    ['ParentId', stringType],
    ['RepoTags', sliceOf(stringType)],
    ['RepoDigests', sliceOf(stringType)],
    ['Created', int64Type],
    ['Size', int64Type],
    ['SharedSize', intType],
    ['VirtualSize', int64Type],
    ['Labels', mapOf(stringType)],
    ['Containers', intType],
    ['ReadOnly', boolType, ',omitempty'],
    ['Dangling', boolType, ',omitempty'],
    ['Names', sliceOf(stringType), ',omitempty'],
    ['Digest', stringType, ',omitempty'],
    ['History', sliceOf(stringType), ',omitempty'],
  ],
  {
    Id: (summary) => text(String((summary.raw as RawStruct)['ID'])),
    IsReadOnly: (summary) => ({ type: boolType, raw: (summary.raw as RawStruct)['ReadOnly'] }),
    IsDangling: (summary) => ({ type: boolType, raw: (summary.raw as RawStruct)['Dangling'] }),
  },
);

/** The type that a template of `images` runs over. */
export function imageType({ trunc, now }: Settings): GoType {
  const summaryOf = ({ raw }: GoValue): RawStruct => (raw as RawStruct)['ImageSummary'] as RawStruct;
  const created = (image: GoValue): number => Number(summaryOf(image)['Created']);
  const age = (image: GoValue): GoValue => text(humanAge(now - created(image) * 1000));
  const date = (image: GoValue): GoValue =>
    text(timeText({ seconds: created(image), nanoseconds: 0, offset: 0 }));
  return struct(
    'images.imageReporter',
    [
      ['Repository', stringType, 'repository,omitempty'],
      ['Tag', stringType, 'tag,omitempty'],
      ['ImageSummary', summaryType, ',embedded'],
    ],
    {
      ID: (image) => {
        const id = String(summaryOf(image)['ID']);
        return text(trunc ? id.slice(0, 12) : `sha256:${id}`);
      },
      Created: age,
      CreatedAt: date,
      CreatedSince: age,
      CreatedTime: date,
      Size: (image) => text(humanSize(Number(summaryOf(image)['Size']))),
      History: (image) => text(((summaryOf(image)['History'] ?? []) as readonly string[]).join(', ')),
    },
  );
}

/** The value of a line, in which lists that are empty are those of podman that were never filled. */
export function imageValue({ image, repository, tag }: ImageRow): RawStruct {
  const some = (list: readonly string[]): readonly string[] | null => (list.length === 0 ? null : list);
  return {
    Repository: repository,
    Tag: tag,
    ImageSummary: {
      ID: image.id,
      ParentId: image.parentId,
      RepoTags: image.repoTags,
      RepoDigests: image.repoDigests,
      Created: Math.floor(Date.parse(image.created) / 1000),
      Size: image.size,
      SharedSize: 0,
      VirtualSize: image.virtualSize,
      Labels: Object.keys(image.labels).length === 0 ? null : new Map(Object.entries(image.labels)),
      Containers: image.containers,
      ReadOnly: image.readOnly,
      Dangling: image.repoTags.length === 0,
      Names: some(image.repoTags),
      Digest: image.digest,
      History: some(image.history),
    },
  };
}
