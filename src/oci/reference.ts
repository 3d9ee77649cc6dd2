// Image references: the grammar of names, tags and digests, and how short forms become full ones.
import type { Digest } from './digest.js';
import { DigestError, parseDigest } from './digest.js';

/** A parsed reference. `domain` is empty when the text had a single component and was not normalised. */
export interface Reference {
  readonly domain: string;
  readonly path: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

/** A text that is no reference; the message is the wording clients know. */
export class InvalidReferenceError extends Error {
  override readonly name = 'InvalidReferenceError';
  readonly code = 'INVALID_REFERENCE';
  /** What was to be parsed. */
  readonly text: string;
  constructor(text: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.text = text;
  }
}

// Written so that no text can be matched in two ways: linear time on anything a client sends.
const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const domainComponent = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const domain = `${domainComponent}(?:\\.${domainComponent})*(?::[0-9]+)?`;
const path = `${component}(?:/${component})*`;
const tag = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
const digest = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';

const referencePattern = new RegExp(`^((?:${domain}/)?${path})(?::(${tag}))?(?:@(${digest}))?$`);
const namePattern = new RegExp(`^(?:(${domain})/)?(${path})$`);
const domainPattern = new RegExp(`^${domain}$`);
const tagPattern = new RegExp(`^${tag}$`);
const identifierPattern = /^[a-f0-9]{64}$/;

const maxNameLength = 255;
const defaultDomain = 'docker.io';
const officialPrefix = 'library/';

/** Is `text` a host, with or without a port, as it can stand in a reference? */
export function isDomain(text: string): boolean {
  return domainPattern.test(text);
}

/** `1.2-beta`. */
export function isTag(text: string): boolean {
  return tagPattern.test(text);
}

/** Lower case by single characters, without the two characters that JavaScript makes of a dotted capital I. */
function lowerCase(text: string): string {
  return text.replaceAll('İ', 'i').toLowerCase();
}

/** Parses without adding anything: `a/b` has domain `a` and path `b`. Throws {@link InvalidReferenceError}. */
export function parseReference(text: string): Reference {
  return parse(text, text);
}

/** Parses `text`; errors speak of `original`, what somebody wrote. */
function parse(text: string, original: string): Reference {
  const match = referencePattern.exec(text);
  if (match === null) throw new InvalidReferenceError(original, reasonOfMismatch(text));
  const [, name = '', tag, digest] = match;
  if (name.length > maxNameLength) {
    throw new InvalidReferenceError(
      original,
      `repository name must not be more than ${maxNameLength} characters`,
    );
  }
  const [, domain = '', path = name] = namePattern.exec(name) ?? [];
  return {
    domain,
    path,
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest: checkedDigest(original, digest) }),
  };
}

function reasonOfMismatch(text: string): string {
  if (text === '') return 'repository name must have at least one component';
  if (referencePattern.test(lowerCase(text))) return 'repository name must be lowercase';
  return 'invalid reference format';
}

function checkedDigest(text: string, digest: string): Digest {
  try {
    return parseDigest(digest);
  } catch (cause) {
    if (cause instanceof DigestError) throw new InvalidReferenceError(text, cause.reason, { cause });
    throw cause;
  }
}

/** Parses what people write: `debian` is `docker.io/library/debian`. Throws {@link InvalidReferenceError}. */
export function parseNormalized(text: string): Reference {
  if (identifierPattern.test(text)) {
    const reason = `invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`;
    throw new InvalidReferenceError(text, reason);
  }
  const { domain, rest } = splitDomain(text);
  const name = rest.split(':', 1)[0]!;
  if (lowerCase(name) !== name) {
    throw new InvalidReferenceError(text, 'invalid reference format: repository name must be lowercase');
  }
  return parse(`${domain}/${rest}`, text);
}

function splitDomain(text: string): { domain: string; rest: string } {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  const named = isRegistryHost(first);
  let domain = named ? first : defaultDomain;
  let rest = named ? text.slice(slash + 1) : text;
  if (domain === 'index.docker.io') domain = defaultDomain;
  if (domain === defaultDomain && !rest.includes('/')) rest = `${officialPrefix}${rest}`;
  return { domain, rest };
}

/** Does the first part of a name look like a host, rather than like a part of a repository? */
export function isRegistryHost(text: string): boolean {
  return text.includes('.') || text.includes(':') || text === 'localhost';
}

/** Parses only what is in its full form already. Throws {@link InvalidReferenceError}. */
export function parseNamed(text: string): Reference {
  const reference = parseNormalized(text);
  if (formatReference(reference) !== text) {
    throw new InvalidReferenceError(text, 'repository name must be canonical');
  }
  return reference;
}

/** With `:latest` when there is neither tag nor digest. */
export function tagNameOnly(reference: Reference): Reference {
  const bare = reference.tag === undefined && reference.digest === undefined;
  return bare ? { ...reference, tag: 'latest' } : reference;
}

/** Without tag and digest. */
export function trimNamed({ domain, path }: Reference): Reference {
  return { domain, path };
}

/** Without the tag when there is a digest as well: the digest decides what is pulled and how it is named. */
export function preferDigest(reference: Reference): Reference {
  if (reference.digest === undefined || reference.tag === undefined) return reference;
  const { domain, path, digest } = reference;
  return { domain, path, digest };
}

/** Domain and path, without tag and digest. */
export function repositoryName({ domain, path }: Reference): string {
  return domain === '' ? path : `${domain}/${path}`;
}

/** The text of a reference; parsing it gives the reference again. */
export function formatReference(reference: Reference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${repositoryName(reference)}${tag}${digest}`;
}

/** The shortest text that normalises to this: without `docker.io/`, and without `library/` behind it. */
export function familiar(reference: Reference): string {
  if (reference.domain !== defaultDomain) return formatReference(reference);
  const official = reference.path.startsWith(officialPrefix) && reference.path.split('/').length === 2;
  const path = official ? reference.path.slice(officialPrefix.length) : reference.path;
  return formatReference({ ...reference, domain: '', path });
}
