// What is tried again, how often and after how long.
import { RegistryError, innermostCode } from './errors.js';
import type { RegistryTraffic } from './traffic.js';

const unavailable: ReadonlySet<number | undefined> = new Set([500, 502, 503, 504]);
const broken: ReadonlySet<unknown> = new Set(['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'UND_ERR_SOCKET']);
const transient: ReadonlySet<unknown> = new Set([
  ...broken,
  'ECONNREFUSED',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'HTTP_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
]);
const longestWait = 60_000;
/** Failures of a step within others, a ping or a token: tries must not multiply. */
const triedEnough = new WeakSet<RegistryError>();

/** How many tries in all an operation gets that failed with `error`; 1: it is final. */
export type Tries = (error: unknown) => number;

export function usualTries(error: unknown): number {
  if (!(error instanceof RegistryError) || triedEnough.has(error)) return 1;
  if (error.code === 'REGISTRY_THROTTLED') return 5;
  if (error.code === 'REGISTRY_UNAVAILABLE' && unavailable.has(error.status)) return 3;
  return error.code === 'REGISTRY_UNREACHABLE' && transient.has(innermostCode(error)) ? 3 : 1;
}

/** May the same succeed a moment later? */
export function isTransient(error: unknown): error is RegistryError {
  return usualTries(error) > 1;
}

/** For a registry beside which there are others: what cannot be reached is left at once. */
export function triesBesideOthers(error: unknown): number {
  return isOutOfReach(error) ? 1 : usualTries(error);
}

/** Nobody is there, or nobody who answers: more than a connection that broke. */
export function isOutOfReach(error: unknown): boolean {
  return (
    error instanceof RegistryError &&
    error.code === 'REGISTRY_UNREACHABLE' &&
    !broken.has(innermostCode(error))
  );
}

export interface RetryOptions {
  readonly delay: number;
  readonly tries?: Tries;
  /** Counts what is tried again. */
  readonly traffic?: RegistryTraffic | undefined;
}

/**
 * Runs `attempt` until it succeeds, fails for good or has failed too often (three times, five while a
 * registry says 429, unless `tries` says otherwise), waiting `delay` ms · 2ⁿ with jitter in between, or as long as the registry says.
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  { delay, tries = usualTries, traffic }: RetryOptions,
  signal: AbortSignal,
): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (tried >= tries(error)) {
        if (error instanceof RegistryError) triedEnough.add(error);
        throw error;
      }
      if (traffic !== undefined) traffic.retries += 1;
      await pause(waitAfter(error as RegistryError, tried, delay), signal);
    }
  }
}

function waitAfter(error: RegistryError, tried: number, delay: number): number {
  const first = error.code === 'REGISTRY_THROTTLED' ? 2 * delay : delay;
  const wait = error.retryAfter ?? first * 2 ** (tried - 1) * (1 + Math.random() / 4);
  return Math.min(wait, longestWait);
}

/** Milliseconds from a `Retry-After` header, seconds or a date to come; undefined when it says nothing. */
export function parseRetryAfter(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^[0-9]{1,9}$/.test(text)) return Number(text) * 1000;
  const wait = Date.parse(text) - now;
  return wait > 0 ? wait : undefined;
}

/** Waits; the abort reason is thrown at once. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, milliseconds);
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
