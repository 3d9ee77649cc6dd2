// Giving names to images and taking them away (images-and-transports §1.3, 2.4).
import { decompose, normalizedTag, searchValues } from '../oci/local-name.js';
import { formatReference } from '../oci/reference.js';
import type { StoredImage } from '../store/index.js';
import { RemoveRefusedError } from './errors.js';

/** A user's name as it is stored: `localhost/` in front when it names no registry, `:latest` when it has no tag. */
export function storedName(name: string): string {
  return formatReference(normalizedTag(name));
}

/** The one name of `image` that `text` means (§2.4). Throws {@link RemoveRefusedError} when none or several do. */
export function matchingName(image: StoredImage, text: string): string {
  if (image.names.includes(text)) return text;
  const wanted = searchValues(decompose(text));
  let best = 0;
  let matches: string[] = [];
  for (const name of image.names) {
    const score = similarity(wanted, searchValues(decompose(name)));
    if (score === 0 || score < best) continue;
    if (score > best) matches = [];
    best = score;
    matches.push(name);
  }
  const [match, another] = matches;
  if (match === undefined) throw new RemoveRefusedError('unable to match user input to any specific repotag');
  if (another !== undefined)
    throw new RemoveRefusedError('user input matched multiple repotags for the image');
  return match;
}

type SearchValues = ReturnType<typeof searchValues>;

function similarity(wanted: SearchValues, name: SearchValues): number {
  let score = 0;
  if (wanted.registry !== '' && wanted.registry === name.registry) score += 1;
  const sameName = wanted.name !== '' && wanted.name === name.name;
  if (sameName || lastComponent(wanted.name) === lastComponent(name.name)) score += 1;
  if (wanted.tag === name.tag) score += 1;
  return score;
}

function lastComponent(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
