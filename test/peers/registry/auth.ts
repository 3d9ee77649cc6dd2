// Who may do what at the embedded registry: nobody asked, Basic, or Bearer with a token endpoint of its own.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Without a username Bearer tokens are given to everybody, as public registries do. */
export interface RegistryAuth {
  readonly scheme: 'basic' | 'bearer';
  readonly username?: string;
  readonly password?: string;
  /** Bearer: accepted as a refresh token by POST on the token endpoint. */
  readonly identityToken?: string;
  /** Bearer: seconds a token is good for; 300 if absent. */
  readonly expiresIn?: number;
}

export interface Access {
  readonly allowed: boolean;
  /** The WWW-Authenticate header when it is not. */
  readonly challenge: string;
}

export interface TokenAnswer {
  readonly status: number;
  readonly body: string;
}

interface Token {
  readonly scopes: readonly string[];
  readonly expires: number;
}

export class RegistryGate {
  readonly #auth: RegistryAuth | undefined;
  readonly #tokens = new Map<string, Token>();

  constructor(auth: RegistryAuth | undefined) {
    this.#auth = auth;
  }

  /** May this request do `scope` (`repository:NAME:ACTION`, or `''` for the ping)? `origin` is the registry's own URL. */
  check(request: IncomingMessage, scope: string, origin: string): Access {
    const auth = this.#auth;
    if (auth === undefined) return { allowed: true, challenge: '' };
    const given = request.headers.authorization ?? '';
    if (auth.scheme === 'basic') {
      return { allowed: this.#basicMatches(given), challenge: 'Basic realm="embedded registry"' };
    }
    const wanted = scope === '' ? '' : `,scope="${scope}"`;
    const challenge = `Bearer realm="${origin}/token",service="embedded"${wanted}`;
    const token = /^Bearer (.+)$/i.exec(given)?.[1];
    const known = token === undefined ? undefined : this.#tokens.get(token);
    if (known === undefined) return { allowed: false, challenge };
    if (known.expires <= Date.now())
      return { allowed: false, challenge: `${challenge},error="invalid_token"` };
    const allowed = scope === '' || known.scopes.some((held) => covers(held, scope));
    return { allowed, challenge: allowed ? '' : `${challenge},error="insufficient_scope"` };
  }

  /** Answers GET and POST on the token endpoint; `form` is the decoded body of a POST. */
  token(request: IncomingMessage, query: URLSearchParams, form: URLSearchParams | undefined): TokenAnswer {
    const auth = this.#auth;
    if (auth === undefined || auth.scheme !== 'bearer') return { status: 404, body: '' };
    const allowed =
      form === undefined
        ? auth.username === undefined || this.#basicMatches(request.headers.authorization ?? '')
        : auth.identityToken !== undefined && form.get('refresh_token') === auth.identityToken;
    if (!allowed) {
      return { status: 401, body: JSON.stringify({ details: 'incorrect username or password' }) };
    }
    const seconds = auth.expiresIn ?? 300;
    const token = randomUUID();
    const scopes = (form ?? query).getAll('scope').flatMap((scope) => scope.split(' '));
    this.#tokens.set(token, { scopes, expires: Date.now() + seconds * 1000 });
    return { status: 200, body: JSON.stringify({ token, access_token: token, expires_in: seconds }) };
  }

  /** Every token given out so far stops working. */
  revokeTokens(): void {
    this.#tokens.clear();
  }

  #basicMatches(header: string): boolean {
    const encoded = /^Basic (.+)$/i.exec(header)?.[1];
    const expected = `${this.#auth?.username ?? ''}:${this.#auth?.password ?? ''}`;
    return encoded !== undefined && Buffer.from(encoded, 'base64').toString() === expected;
  }
}

/** Does the scope of a token, `repository:NAME:pull,push`, hold the wanted one, `repository:NAME:pull`? */
function covers(held: string, wanted: string): boolean {
  const [heldName, heldActions] = splitScope(held);
  const [wantedName, wantedActions] = splitScope(wanted);
  return (
    heldName === wantedName &&
    wantedActions.every((action) => heldActions.includes(action) || heldActions.includes('*'))
  );
}

function splitScope(scope: string): [name: string, actions: string[]] {
  const colon = scope.lastIndexOf(':');
  return [scope.slice(0, colon), scope.slice(colon + 1).split(',')];
}
