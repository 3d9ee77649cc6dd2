// The realm of a registry with tokens: gives out JSON web tokens that docker-registry believes, for passwords or identity tokens.
import { sign } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TokenServerOptions {
  /** The key that tokens are signed with, and its certificate; PEM texts. */
  readonly key: string;
  readonly cert: string;
  /** Without it everybody gets tokens. */
  readonly login?: { readonly username: string; readonly password: string };
  /** Good for tokens by POST. */
  readonly identityToken?: string;
  /** Seconds until a registry refuses a token, whatever the realm says; 300 if absent. */
  readonly lifetime?: number;
}

export interface TokenServer extends AsyncDisposable {
  /** For docker-registry's `auth`, given a file with the authority's certificate. */
  settings(rootFile: string): string;
  /** `GET query` or `POST form` of every request so far. */
  readonly asked: readonly string[];
}

const name = 'test';

/** Listens on a loopback port. */
export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const { status, body } = await answer(request);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  });
  const answer = async (request: IncomingMessage): Promise<{ status: number; body: object }> => {
    const { method, url = '/', headers } = request;
    const { searchParams: query } = new URL(url, 'http://realm');
    const form = new URLSearchParams(Buffer.concat(await request.toArray()).toString());
    asked.push(`${method} ${method === 'POST' ? form.toString() : query.toString()}`);
    const parameters = method === 'POST' ? form : query;
    if (!isKnown(options, method === 'POST' ? form : undefined, headers.authorization)) {
      return { status: 401, body: { details: 'incorrect username or password' } };
    }
    const token = jsonWebToken(options, parameters.getAll('scope'));
    return { status: 200, body: { token, access_token: token, expires_in: 300 } };
  };
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    settings: (rootFile) =>
      `auth: { token: { realm: "http://127.0.0.1:${port}/token", service: ${name}, issuer: ${name}, rootcertbundle: ${rootFile} } }`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

function isKnown(
  { login, identityToken }: TokenServerOptions,
  form: URLSearchParams | undefined,
  authorization: string | undefined,
): boolean {
  if (form !== undefined) return identityToken !== undefined && form.get('refresh_token') === identityToken;
  if (login === undefined) return true;
  const expected = Buffer.from(`${login.username}:${login.password}`).toString('base64');
  return authorization === `Basic ${expected}`;
}

/** A token for scopes, each `repository:NAME:ACTIONS`. */
function jsonWebToken({ key, cert, lifetime = 300 }: TokenServerOptions, scopes: readonly string[]): string {
  const certificate = cert.replaceAll(/-----.*-----|\s/g, '');
  const now = Math.floor(Date.now() / 1000);
  const access = scopes.map((scope) => {
    const [type, repository, actions = ''] = scope.split(':');
    return { type, name: repository, actions: actions.split(',') };
  });
  const head = { typ: 'JWT', alg: 'ES256', x5c: [certificate] };
  const claims = {
    iss: name,
    sub: '',
    aud: name,
    exp: now + lifetime,
    nbf: now - 10,
    iat: now,
    jti: '1',
    access,
  };
  const text = [head, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}
