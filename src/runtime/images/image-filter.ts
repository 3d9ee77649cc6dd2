// The filters of ListImagesWithFilters (images-and-transports §9).
import { InvalidFilterError, messageOf } from '../errors.js';
import { filterTime } from './filter-time.js';
import type { ImageSummary } from './image-list.js';
import { shellPattern } from './shell-pattern.js';

/** Whether an image passes. */
export type ImageFilter = (image: ImageSummary) => boolean;

/** What filters ask beyond an image's summary. */
export interface FilterContext {
  /** Finds the image that a `before=`, `since=` or `after=` filter names; throws when there is none. */
  readonly findByName: (name: string) => ImageSummary;
  /** Whether the image of this id is a list of manifests. */
  readonly isIndex: (id: string) => boolean;
  /** When the image of this id was made, in nanoseconds. */
  readonly madeAt: (id: string) => bigint;
}

/** The images that match every one of `filters`, each `key=value`. Throws {@link InvalidFilterError}. */
export function filterImages(
  images: readonly ImageSummary[],
  filters: readonly string[],
  context: FilterContext,
): readonly ImageSummary[] {
  const predicates = filters.map((filter) => parseFilter(filter, context));
  return images.filter((image) => predicates.every((matches) => matches(image)));
}

/** A filter `label=…` with the text behind it. */
export function labelFilter(value: string): ImageFilter {
  const equals = value.indexOf('=');
  if (equals < 0) return (image) => Object.hasOwn(image.labels, value);
  const key = value.slice(0, equals);
  const wanted = value.slice(equals + 1);
  return (image) => Object.hasOwn(image.labels, key) && image.labels[key] === wanted;
}

function parseFilter(filter: string, context: FilterContext): ImageFilter {
  const equals = filter.indexOf('=');
  if (equals < 0) throw new InvalidFilterError(`invalid filter syntax ${filter}`);
  const negated = filter[equals - 1] === '!';
  const key = filter.slice(0, negated ? equals - 1 : equals);
  const matches = parsePositive(filter, key, filter.slice(equals + 1), context);
  return negated ? (image) => !matches(image) : matches;
}

function parsePositive(
  filter: string,
  key: string,
  value: string,
  { findByName, isIndex, madeAt }: FilterContext,
): ImageFilter {
  switch (key) {
    case 'before': {
      const limit = madeAt(findByName(value).id);
      return (image) => madeAt(image.id) < limit;
    }
    case 'since':
    case 'after': {
      const limit = madeAt(findByName(value).id);
      return (image) => madeAt(image.id) > limit;
    }
    case 'dangling': {
      const wanted = parseGoBoolean(filter, value);
      return (image) => (image.repoTags.length === 0) === wanted;
    }
    case 'intermediate': {
      const wanted = parseGoBoolean(filter, value);
      return (image) => (image.repoTags.length === 0 && image.isParent) === wanted;
    }
    case 'readonly': {
      const wanted = parseGoBoolean(filter, value);
      return (image) => image.readOnly === wanted;
    }
    case 'containers': {
      const wanted = parseGoBoolean(filter, value);
      return (image) => image.containers > 0 === wanted;
    }
    case 'manifest': {
      const wanted = parseGoBoolean(filter, value);
      return (image) => isIndex(image.id) === wanted;
    }
    case 'until': {
      const limit = parseTime(filter, value);
      return (image) => madeAt(image.id) < limit;
    }
    case 'label':
      return labelFilter(value);
    case 'reference': {
      const matches = shellPattern(`*${value}*`);
      return (image) => image.repoTags.some(matches);
    }
    case 'id': {
      const prefix = value.replace(/^sha256:/, '');
      return (image) => prefix !== '' && image.id.startsWith(prefix);
    }
    case 'digest':
      return (image) => value !== '' && image.digests.some((digest) => digest.startsWith(value));
    default:
      // The blank before the end is part of the text that clients know.
      throw new InvalidFilterError(`invalid filter ${key} `);
  }
}

function parseTime(filter: string, value: string): bigint {
  try {
    return filterTime(value, Date.now());
  } catch (error) {
    throw new InvalidFilterError(`invalid filter ${filter}: ${messageOf(error)}`, { cause: error });
  }
}

const goBooleans: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((text) => [text, false] as const),
]);

function parseGoBoolean(filter: string, value: string): boolean {
  const parsed = goBooleans.get(value);
  if (parsed !== undefined) return parsed;
  throw new InvalidFilterError(
    `invalid filter ${filter}: strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`,
  );
}
