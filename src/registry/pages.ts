// Lists of a registry that come page by page: how they are asked for, and how far anybody follows them.
import type { ControlAnswer } from './control.js';
import { RegistryError } from './errors.js';
import type { Access, HostSession } from './host-session.js';
import { refusal } from './refusal.js';
import { HttpTimeoutError } from './transport/timeout.js';

/** Bytes of one answer at most. */
const maxAnswerBytes = 4 * 1024 * 1024;
/** Pages at most; a registry that has more does not mean to end. */
export const maxPages = 1000;
/** All pages of one list; milliseconds. */
const patience = 120_000;

/** Which list of an answer is meant. */
export interface ListPlace {
  readonly op: string;
  /** What was asked, for people: `a search`. */
  readonly what: string;
  /** The field it is in. */
  readonly key: string;
}

/** Runs `work` with a signal that is aborted as well when a registry goes on and on. Throws HttpTimeoutError then. */
export async function patiently<T>(
  what: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new HttpTimeoutError(what, patience)), patience);
  try {
    return await work(AbortSignal.any([signal, late.signal]));
  } finally {
    clearTimeout(timer);
  }
}

/** The answers from `first` on, each asked for when it is wanted, and none twice. Throws {@link RegistryError}. */
export async function* pages(
  op: string,
  session: HostSession,
  first: string,
  access: Access | undefined,
  signal: AbortSignal,
): AsyncGenerator<ControlAnswer, void, void> {
  const visited = new Set<string>();
  let path: string | undefined = first;
  while (path !== undefined && !visited.has(path) && visited.size < maxPages) {
    visited.add(path);
    const answer = await askForList(op, session, path, access, signal);
    yield answer;
    path = nextPage(session, path, answer);
  }
}

/** Path and query of `Link: <…>; rel="next"`: whatever host it names, it is this registry that is asked. */
function nextPage(session: HostSession, path: string, answer: ControlAnswer): string | undefined {
  const link = answer
    .header('link')
    .map((text) => /^\s*<([^>]*)>\s*(?:;.*)?$/.exec(text)?.[1])
    .find((target) => target !== undefined);
  const base = `https://${session.host}${path}`;
  if (link === undefined || !URL.canParse(link, base)) return undefined;
  const { pathname, search } = new URL(link, base);
  return `${pathname}${search}`;
}

export function askForList(
  op: string,
  session: HostSession,
  path: string,
  access: Access | undefined,
  signal: AbortSignal,
): Promise<ControlAnswer> {
  const refuse = (answer: ControlAnswer): RegistryError => refusal(op, answer, session.host);
  const request = {
    method: 'GET',
    headers: { accept: 'application/json' },
    limit: maxAnswerBytes,
    accepts: (status: number) => status === 200,
  } as const;
  return session.request(op, path, access, request, refuse, signal);
}

/** A list in an answer, empty if there is none. Throws {@link RegistryError}. */
export function listOf(
  { host }: HostSession,
  { body }: ControlAnswer,
  { op, what, key }: ListPlace,
): readonly unknown[] {
  try {
    const list = (JSON.parse(body.toString()) as Record<string, unknown> | null)?.[key];
    return Array.isArray(list) ? list : [];
  } catch (cause) {
    throw new RegistryError('REGISTRY_PROTOCOL', `the answer of ${host} to ${what} is no JSON`, {
      op,
      host,
      cause,
    });
  }
}
