// Signatures as they are stored: OpenPGP messages as they are, others behind the name of their format.
import { setImmediate } from 'node:timers/promises';
import { goJson, sortedByKey } from '../oci/go-json.js';
import type { Json } from '../oci/strict-json.js';
import { SignatureRefusedError } from './errors.js';
import { fromBase64, parseDocument, StrictObject, StrictObjectError } from './strict-object.js';

export interface SimpleSignature {
  readonly kind: 'simple';
  /** OpenPGP. */
  readonly message: Buffer;
}

/** A signature of cosign's, or something else that was attached in the same way. */
export interface SigstoreSignature {
  readonly kind: 'sigstore';
  readonly mimeType: string;
  readonly payload: Buffer;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The type of those that sign an image. */
export const sigstoreSignatureType = 'application/vnd.dev.cosign.simplesigning.v1+json';
/** The annotation that holds the signature of the payload, in base64. */
export const sigstoreSignatureKey = 'dev.cosignproject.cosign/signature';

/** Bytes of one stored signature at most: those of the largest keys have less than half of them. */
export const maxSignatureBytes = 128 * 1024;

/** Bytes of the line that names a format at most. */
const maxFormatBytes = 100;

const maxAnnotations = 100;

const sigstoreFormat = 'sigstore-json';
const simpleFormat = 'simple-signing';

/** Throws {@link SignatureRefusedError} for what is no signature of any known format. */
export function parseSignature(stored: Buffer): SimpleSignature | SigstoreSignature {
  const [first] = stored;
  if (stored.length > maxSignatureBytes) {
    throw new SignatureRefusedError(`signature has more than ${maxSignatureBytes} bytes`);
  }
  if (first === undefined) throw new SignatureRefusedError('empty signature blob');
  if (isOpenPgp(first)) return { kind: 'simple', message: stored };
  if (first !== 0) {
    throw new SignatureRefusedError(
      `unrecognized signature format, starting with binary 0x${first.toString(16)}`,
    );
  }
  const line = stored.subarray(0, maxFormatBytes).indexOf('\n');
  if (line < 0) throw new SignatureRefusedError('invalid signature format, missing newline');
  const format = stored.toString('latin1', 1, line);
  const content = stored.subarray(line + 1);
  if (format === simpleFormat) return { kind: 'simple', message: content };
  if (format === sigstoreFormat) return parseSigstore(content);
  throw new SignatureRefusedError(`unrecognized signature format ${JSON.stringify(format)}`);
}

/** The same for several, with a turn for others after each. */
export async function parseSignatures(
  stored: readonly Buffer[],
): Promise<readonly (SimpleSignature | SigstoreSignature)[]> {
  const signatures: (SimpleSignature | SigstoreSignature)[] = [];
  for (const bytes of stored) {
    signatures.push(parseSignature(bytes));
    await setImmediate();
  }
  return signatures;
}

/** Compressed data, one-pass signature or signature, in the old or the new form of packet headers (RFC 4880, 4.2). */
function isOpenPgp(first: number): boolean {
  const tag = (first & 0xc0) === 0xc0 ? first & 0x3f : (first & 0x3c) >> 2;
  return first >= 0x80 && (tag === 8 || tag === 4 || tag === 2);
}

function parseSigstore(json: Buffer): SigstoreSignature {
  try {
    const object = new StrictObject(parseDocument(json), 'the signature');
    return {
      kind: 'sigstore',
      mimeType: object.string('mimeType'),
      payload: fromBase64(object.string('payload'), 'payload'),
      annotations: texts(object.get('annotations')),
    };
  } catch (cause) {
    if (!(cause instanceof StrictObjectError)) throw cause;
    throw new SignatureRefusedError(cause.message, { cause });
  }
}

/** Other tools write null where there are none. */
function texts(value: Json | undefined): Readonly<Record<string, string>> {
  if (value === null || value === undefined) return {};
  const entries = new StrictObject(value, 'annotations').entries();
  if (entries.length > maxAnnotations) throw new StrictObjectError('too many annotations');
  if (!entries.every(([, text]) => typeof text === 'string')) {
    throw new StrictObjectError('strings expected for annotations');
  }
  return Object.fromEntries(entries) as Readonly<Record<string, string>>;
}

/** As other tools store it, to the byte. */
export function formatSigstore({ mimeType, payload, annotations }: Omit<SigstoreSignature, 'kind'>): Buffer {
  const document = { mimeType, payload: payload.toString('base64'), annotations: sortedByKey(annotations) };
  return Buffer.from(`\0${sigstoreFormat}\n${goJson(document)}`);
}
