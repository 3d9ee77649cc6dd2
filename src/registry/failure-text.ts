// Failures of the network in the words that tools of this field have always used for them.
import type { ControlAnswer } from './control.js';
import { innermostError } from './errors.js';

/** One line for an error below HTTP: `Get "https://host/v2/": dial tcp 1.2.3.4:443: connect: connection refused`. */
export function transportFailure(method: string, url: URL, error: unknown): string {
  const verb = `${method.slice(0, 1)}${method.slice(1).toLowerCase()}`;
  return `${verb} "${url.origin}${url.pathname}": ${reasonOf(error)}`;
}

const systemTexts: ReadonlyMap<unknown, string> = new Map([
  ['ECONNREFUSED', 'connect: connection refused'],
  ['EHOSTUNREACH', 'connect: no route to host'],
  ['ENETUNREACH', 'connect: network is unreachable'],
  ['ETIMEDOUT', 'connect: connection timed out'],
]);

const otherTexts: ReadonlyMap<unknown, string> = new Map([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'x509: certificate signed by unknown authority'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'x509: certificate signed by unknown authority'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'x509: certificate signed by unknown authority'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'x509: certificate signed by unknown authority'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'x509: certificate signed by unknown authority'],
  ['CERT_HAS_EXPIRED', 'x509: certificate has expired or is not yet valid'],
  ['CERT_NOT_YET_VALID', 'x509: certificate has expired or is not yet valid'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'http: server gave HTTP response to HTTPS client'],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'http: server gave HTTP response to HTTPS client'],
  ['ECONNRESET', 'connection reset by peer'],
  ['UND_ERR_SOCKET', 'EOF'],
  ['UND_ERR_HEADERS_OVERFLOW', 'the head of the answer is too large'],
  ['HPE_HEADER_OVERFLOW', 'the head of the answer is too large'],
]);

/** The innermost error as one line. */
export function reasonOf(error: unknown): string {
  const inner = innermostError(error);
  const { code, address, port, hostname, message } = inner as typeof inner & {
    readonly address?: string;
    readonly port?: number;
    readonly hostname?: string;
  };
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${hostname}: no such host`;
  if (code === 'EAI_AGAIN') return `dial tcp: lookup ${hostname}: Temporary failure in name resolution`;
  const system = systemTexts.get(code);
  if (system !== undefined && address !== undefined) {
    return `dial tcp ${address.includes(':') ? `[${address}]` : address}:${port}: ${system}`;
  }
  const alert = /^ERR_SSL_(?:SSLV3|TLSV1|TLSV13)_ALERT_(.+)$/.exec(String(code))?.[1];
  if (alert !== undefined) return `remote error: tls: ${words(alert)}`;
  return otherTexts.get(code) ?? message.trim().replaceAll(/\s*\n\s*/g, ' ');
}

/** Errors of one answer, and characters of each, that are passed on. */
const mostErrors = 10;
const longestText = 1000;
/** Characters of a page that is no answer of a registry. */
const longestExcerpt = 50;

/** What a registry says went wrong, and its code for the first of it. */
export interface AnswerFailure {
  readonly text: string;
  readonly registryCode?: string;
}

/** The body of an answer that is an error, in words: `manifest unknown: manifest unknown`. */
export function answerFailure({
  status,
  statusText,
  body,
}: Pick<ControlAnswer, 'status' | 'statusText' | 'body'>): AnswerFailure {
  const errors = registryErrors(body, status);
  const [first] = errors;
  const registryCode = first !== undefined && { registryCode: first.code };
  if (status < 400 || status >= 500) {
    return { text: `received unexpected HTTP status: ${status} ${statusText}`, ...registryCode };
  }
  if (first !== undefined) {
    const texts = errors.map(({ code, message }) => `${words(code)}: ${onOneLine(message, longestText)}`);
    const text = texts.length === 1 ? texts[0]! : `errors:\n${texts.join('\n')}\n`;
    return { text, ...registryCode };
  }
  if (status === 401) return { text: 'unauthorized: authentication required' };
  if (status === 429) return { text: 'too many requests to registry' };
  const excerpt = onOneLine(body.toString('utf8', 0, longestText), longestExcerpt);
  return { text: excerpt === '' ? `StatusCode: ${status}` : `StatusCode: ${status}, ${excerpt}` };
}

interface RegistryAnswer {
  readonly errors?: unknown;
  /** Of registries and realms that have their own idea of errors. */
  readonly details?: unknown;
}

function registryErrors(
  body: Buffer,
  status: number,
): readonly { readonly code: string; readonly message: string }[] {
  let parsed: RegistryAnswer | null;
  try {
    parsed = JSON.parse(body.toString()) as RegistryAnswer | null;
  } catch {
    return [];
  }
  const { errors, details } = parsed ?? {};
  if (typeof details === 'string' && details !== '') {
    return [{ code: codesOfStatus.get(status) ?? 'UNKNOWN', message: details }];
  }
  if (!Array.isArray(errors)) return [];
  return errors.slice(0, mostErrors).map((error: { code?: unknown; message?: unknown } | null) => {
    const code = typeof error?.code === 'string' ? error.code : 'UNKNOWN';
    const message = typeof error?.message === 'string' && error.message !== '' ? error.message : words(code);
    return { code, message };
  });
}

const codesOfStatus: ReadonlyMap<number, string> = new Map([
  [401, 'UNAUTHORIZED'],
  [429, 'TOOMANYREQUESTS'],
]);

function words(code: string): string {
  return onOneLine(code.toLowerCase().replaceAll('_', ' '), longestText);
}

/** A registry may say more than anybody wants to read, in letters that no terminal should see. */
function onOneLine(text: string, longest: number): string {
  const line = text.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim();
  return line.length > longest ? `${line.slice(0, longest)}...` : line;
}
