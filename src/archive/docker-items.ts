// manifest.json of a docker-archive: which config and which layers are an image, and its names.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Fields, JsonFieldError } from '../oci/json-fields.js';
import { parseStrictJson, StrictJsonError } from '../oci/strict-json.js';
import { ArchiveError } from './archive-errors.js';

/** One image of the archive; paths are members of it. */
export interface DockerItem {
  readonly config: string;
  /** `name:tag`, as they were written. */
  readonly repoTags: readonly string[];
  /** Base first. */
  readonly layers: readonly string[];
}

/** Bytes of manifest.json at most. */
export const maxDockerManifestBytes = 16 * 1024 ** 2;
const maxItems = 10_000;
const maxItemBytes = 1024 ** 2;
/** Looked through between two turns of the event loop. */
const TURN_BYTES = 256 * 1024;
const knownKeys = ['Config', 'RepoTags', 'Layers'];

/** Parses the document item by item, so that nobody waits for thousands of images. Throws {@link ArchiveError}. */
export async function parseDockerItems(bytes: Buffer, signal: AbortSignal): Promise<readonly DockerItem[]> {
  const items: DockerItem[] = [];
  for await (const [start, end] of itemsOf(bytes, signal)) {
    if (items.length === maxItems) throw invalid(`more than ${maxItems} images`);
    if (end - start > maxItemBytes) throw invalid(`an image with more than ${maxItemBytes} bytes`);
    items.push(parseItem(bytes.subarray(start, end), items.length));
  }
  return items;
}

function parseItem(bytes: Buffer, position: number): DockerItem {
  try {
    const fields = new Fields(parseStrictJson(bytes), `[${position}]`);
    // Go's decoder takes `config` for `Config`, so a second spelling is a second value.
    const respelled = fields.keys().find((key) => !knownKeys.includes(key) && isKnown(key));
    if (respelled !== undefined) throw invalid(`unexpected field ${respelled}`);
    const config = fields.string('Config');
    if (config === undefined || config === '') throw fields.error('Config', 'a path');
    return { config, repoTags: fields.strings('RepoTags') ?? [], layers: fields.strings('Layers') ?? [] };
  } catch (cause) {
    if (!(cause instanceof StrictJsonError || cause instanceof JsonFieldError)) throw cause;
    throw invalid(cause.message, { cause });
  }
}

function isKnown(key: string): boolean {
  return knownKeys.some((known) => known.toLowerCase() === key.toLowerCase());
}

function invalid(reason: string, options?: ErrorOptions): ArchiveError {
  return new ArchiveError(`invalid tar manifest.json: ${reason}`, options);
}

const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE, QUOTE, BACKSLASH, COMMA] = [
  ...Buffer.from('[]{}"\\,'),
] as [number, number, number, number, number, number, number];
const spaces: ReadonlySet<number> = new Set(Buffer.from(' \t\r\n'));

/** Where each item of the array begins and ends. Whether an item is JSON is left to whoever parses it. */
async function* itemsOf(bytes: Buffer, signal: AbortSignal): AsyncGenerator<readonly [number, number]> {
  let at = skipSpaces(bytes, 0);
  if (bytes[at] !== OPEN_BRACKET) throw invalid('expected an array');
  at = skipSpaces(bytes, at + 1);
  let turn = at;
  let inString = false;
  let depth = 0;
  let start = at;
  let first = true;
  for (; at < bytes.length; at += 1) {
    if (at - turn >= TURN_BYTES) {
      await nextTurn(undefined, { signal });
      turn = at;
    }
    const byte = bytes[at];
    if (inString) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
    else if (depth > 0 && (byte === CLOSE_BRACE || byte === CLOSE_BRACKET)) depth -= 1;
    else if (depth === 0 && (byte === COMMA || byte === CLOSE_BRACKET)) {
      // An empty array has no item; an empty item anywhere else is no JSON.
      if (!(first && byte === CLOSE_BRACKET && at === start)) yield [start, at];
      first = false;
      start = at + 1;
      if (byte === CLOSE_BRACKET) {
        if (skipSpaces(bytes, at + 1) !== bytes.length) throw invalid('data behind the array');
        return;
      }
    }
  }
  throw invalid('it ends too early');
}

function skipSpaces(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && spaces.has(bytes[at] as number)) at += 1;
  return at;
}
