// What a route of the embedded registry answers, and the distribution protocol's error bodies.
import type { Readable } from 'node:stream';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: Buffer | Readable;
}

const empty = Buffer.alloc(0);

export function answer(
  status: number,
  headers: Readonly<Record<string, string | number>> = {},
  body: Buffer | Readable = empty,
): Answer {
  return { status, headers, body };
}

export function jsonAnswer(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const body = Buffer.from(JSON.stringify(value));
  return answer(
    status,
    { 'content-type': 'application/json', 'content-length': body.length, ...headers },
    body,
  );
}

const statuses = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_UNKNOWN: 404,
  RANGE_INVALID: 416,
  UNAUTHORIZED: 401,
  UNSUPPORTED: 405,
} as const;

const messages: Readonly<Record<keyof typeof statuses, string>> = {
  BLOB_UNKNOWN: 'blob unknown to registry',
  BLOB_UPLOAD_UNKNOWN: 'blob upload unknown to registry',
  DIGEST_INVALID: 'provided digest did not match uploaded content',
  MANIFEST_INVALID: 'manifest invalid',
  MANIFEST_UNKNOWN: 'manifest unknown',
  NAME_UNKNOWN: 'repository name not known to registry',
  RANGE_INVALID: 'requested range not satisfiable',
  UNAUTHORIZED: 'authentication required',
  UNSUPPORTED: 'The operation is unsupported.',
};

/** An error body in the wording of the reference registry. */
export function errorAnswer(
  code: keyof typeof statuses,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return jsonAnswer(statuses[code], { errors: [{ code, message: messages[code], detail: null }] }, headers);
}
