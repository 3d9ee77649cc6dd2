// Where a redirect may lead and what may go there: credentials stay with the host they were given for.

/** Redirects followed for one request at most. */
export const maxRedirects = 10;

const withCredentials: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization']);

/** A redirect that is not followed. */
export class RedirectError extends Error {
  override readonly name = 'RedirectError';
  readonly code = 'REDIRECT';
}

/** Is this an answer that names another place by `Location`? */
export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

/** The URL of a redirect; throws {@link RedirectError} for what is no http(s) URL and for https → http. */
export function redirectTarget(from: URL, location: string | undefined): URL {
  if (location === undefined || !URL.canParse(location, from.href))
    throw new RedirectError('redirect without a usable Location');
  const to = new URL(location, from);
  if (to.protocol !== 'https:' && to.protocol !== 'http:') {
    throw new RedirectError(`redirect to unsupported scheme ${to.protocol}`);
  }
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw new RedirectError('refused to follow a redirect from https to http');
  }
  // Credentials in a Location would be sent by nobody's decision.
  to.username = '';
  to.password = '';
  to.hash = '';
  return to;
}

/**
 * Where an upload goes on. Registries behind a proxy that speaks TLS for them may not know it and name themselves by http:
 * at the place we have just spoken to that can only mean https. Throws as {@link redirectTarget} does.
 */
export function uploadLocation(from: URL, location: string | undefined): URL {
  const plain = location !== undefined && URL.canParse(location, from.href) && new URL(location, from);
  if (plain && plain.protocol === 'http:' && from.protocol === 'https:' && plain.host === from.host) {
    plain.protocol = 'https:';
    return redirectTarget(from, plain.href);
  }
  return redirectTarget(from, location);
}

/** The headers for the next hop: everything, or all but credentials when the origin changes. */
export function headersFor(
  headers: Readonly<Record<string, string>>,
  from: URL,
  to: URL,
): Readonly<Record<string, string>> {
  if (from.origin === to.origin) return headers;
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !withCredentials.has(name.toLowerCase())),
  );
}
