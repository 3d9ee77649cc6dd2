// The filters of ListImagesWithFilters (images-and-transports §9).
import { InvalidFilterError } from './errors.js';
import type { ImageSummary } from './image-list.js';
import { shellPattern } from './shell-pattern.js';
import { instant } from './time.js';

type Predicate = (image: ImageSummary) => boolean;

/** Finds the image that a `before=`, `since=` or `after=` filter names; throws when there is none. */
export type FindByName = (name: string) => ImageSummary;

/** The images that match every one of `filters`, each `key=value`. Throws {@link InvalidFilterError}. */
export function filterImages(
  images: readonly ImageSummary[],
  filters: readonly string[],
  findByName: FindByName,
): readonly ImageSummary[] {
  const predicates = filters.map((filter) => parseFilter(filter, findByName));
  return images.filter((image) => predicates.every((matches) => matches(image)));
}

function parseFilter(filter: string, findByName: FindByName): Predicate {
  const equals = filter.indexOf('=');
  if (equals < 0) throw new InvalidFilterError(`invalid filter syntax ${filter}`);
  const negated = filter[equals - 1] === '!';
  const key = filter.slice(0, negated ? equals - 1 : equals);
  const matches = parsePredicate(filter, key, filter.slice(equals + 1), findByName);
  return negated ? (image) => !matches(image) : matches;
}

function parsePredicate(filter: string, key: string, value: string, findByName: FindByName): Predicate {
  switch (key) {
    case 'before': {
      const limit = createdOf(findByName(value));
      return (image) => createdOf(image) < limit;
    }
    case 'since':
    case 'after': {
      const limit = createdOf(findByName(value));
      return (image) => createdOf(image) > limit;
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
    case 'label':
      return labelPredicate(value);
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

function createdOf(image: ImageSummary): bigint {
  return instant(image.created) ?? 0n;
}

function labelPredicate(value: string): Predicate {
  const equals = value.indexOf('=');
  if (equals < 0) return (image) => Object.hasOwn(image.labels, value);
  const key = value.slice(0, equals);
  const wanted = value.slice(equals + 1);
  return (image) => Object.hasOwn(image.labels, key) && image.labels[key] === wanted;
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
