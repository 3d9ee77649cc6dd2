// Reads policy.json to the letter: what is misspelt must not be taken for a policy that asks for less.
import type { Json } from '../oci/strict-json.js';
import { PolicyFormatError } from './errors.js';
import type { KeySource, Policy, Requirement, Requirements } from './policy.js';
import { isScope } from './scopes.js';
import { defaultIdentity, parseSignedIdentity, type SignedIdentity } from './signed-identity.js';
import { readWhole } from './small-file.js';
import { fromBase64, parseDocument, StrictObject, StrictObjectError } from './strict-object.js';

/** Bytes of a policy at most. */
const maxPolicyBytes = 4 * 1024 * 1024;

/** A policy, and the file it was read from. */
export interface PolicyFile extends Policy {
  readonly path: string;
}

/**
 * The policy in the first of `paths` that exists; the last one is named when none does. Throws {@link PolicyFormatError}:
 * without a policy nothing may be used.
 */
export async function readPolicy(paths: readonly string[]): Promise<PolicyFile> {
  for (const [index, path] of paths.entries()) {
    const bytes = await contentOf(path, index < paths.length - 1);
    if (bytes === undefined) continue;
    try {
      return { path, ...parsePolicy(bytes) };
    } catch (cause) {
      if (!(cause instanceof PolicyFormatError)) throw cause;
      throw new PolicyFormatError(`invalid policy in "${path}": ${cause.message}`, { cause });
    }
  }
  throw new PolicyFormatError('no signature policy is configured');
}

async function contentOf(path: string, mayBeMissing: boolean): Promise<Buffer | undefined> {
  try {
    return await readWhole(path, maxPolicyBytes);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    if (missing && mayBeMissing) return undefined;
    const reason = missing ? 'no such file or directory' : (cause as Error).message;
    throw new PolicyFormatError(`open ${path}: ${reason}`, { cause });
  }
}

/** Throws {@link PolicyFormatError}. */
export function parsePolicy(bytes: Uint8Array): Policy {
  try {
    return policyIn(new StrictObject(parseDocument(bytes), 'the policy'));
  } catch (cause) {
    if (cause instanceof StrictObjectError) throw new PolicyFormatError(cause.message, { cause });
    throw cause;
  }
}

function policyIn(top: StrictObject): Policy {
  top.only([], ['default', 'transports']);
  if (!top.has('default')) throw new PolicyFormatError('Default policy is missing');
  const transports = new Map<string, ReadonlyMap<string, Requirements>>();
  if (top.has('transports')) {
    for (const [transport, scopes] of top.object('transports').entries()) {
      transports.set(transport, scopesIn(transport, new StrictObject(scopes, transport)));
    }
  }
  return { default: requirementsIn(top.get('default'), 'default'), transports };
}

function scopesIn(transport: string, scopes: StrictObject): ReadonlyMap<string, Requirements> {
  const byScope = new Map<string, Requirements>();
  for (const [scope, requirements] of scopes.entries()) {
    if (!isScope(transport, scope)) throw new PolicyFormatError(`Unknown key ${JSON.stringify(scope)}`);
    byScope.set(scope, requirementsIn(requirements, `${transport} ${JSON.stringify(scope)}`));
  }
  return byScope;
}

function requirementsIn(value: Json | undefined, what: string): Requirements {
  // Other tools take null for a list without entries.
  const list = value === null ? [] : value;
  if (!Array.isArray(list)) throw new PolicyFormatError(`list of requirements expected for ${what}`);
  if (list.length === 0) {
    throw new PolicyFormatError('List of verification policy requirements must not be empty');
  }
  return list.map((entry: Json, index) => requirementIn(new StrictObject(entry, `${what}[${index}]`)));
}

function requirementIn(object: StrictObject): Requirement {
  const type = object.get('type');
  switch (type) {
    case 'insecureAcceptAnything':
    case 'reject':
      object.only(['type']);
      return { type };
    case 'signedBy':
      return signedBy(object);
    case 'sigstoreSigned':
      return sigstoreSigned(object);
    case 'signedBaseLayer':
      object.only(['type', 'baseLayerIdentity']);
      parseSignedIdentity(object.get('baseLayerIdentity'), 'baseLayerIdentity');
      return { type };
    default:
      throw new PolicyFormatError(
        `Unknown policy requirement type ${JSON.stringify(typeof type === 'string' ? type : '')}`,
      );
  }
}

const keyTypes: ReadonlySet<string> = new Set([
  'GPGKeys',
  'signedByGPGKeys',
  'X509Certificates',
  'signedByX509CAs',
]);

function signedBy(object: StrictObject): Requirement {
  const places = ['keyPath', 'keyPaths', 'keyData'];
  object.only([], ['type', 'keyType', ...places, 'signedIdentity']);
  const keyType = object.has('keyType') ? object.string('keyType') : undefined;
  if (keyType !== undefined && !keyTypes.has(keyType)) {
    throw new PolicyFormatError(`Unrecognized keyType value ${JSON.stringify(keyType)}`);
  }
  const identity = signedIdentity(object);
  const keys = keySource(object, theOne(object, places, 'keyPath, keyPaths and keyData'));
  if (keyType === undefined) throw new PolicyFormatError('invalid keyType ""');
  return { type: 'signedBy', keyType, keys, identity };
}

function sigstoreSigned(object: StrictObject): Requirement {
  const places = ['keyPath', 'keyPaths', 'keyData', 'keyDatas', 'fulcio', 'pki'];
  const logs = ['Path', 'Paths', 'Data', 'Datas'].map((form) => `rekorPublicKey${form}`);
  object.only([], ['type', ...places, ...logs, 'signedIdentity']);
  const place = theOne(object, places, 'keyPath, keyPaths, keyData, keyDatas, fulcio, and pki');
  const log = logs.filter((key) => object.has(key));
  if (log.length > 1) {
    throw new PolicyFormatError(`at most one of ${logs.join(', ')} can be used simultaneously`);
  }
  for (const key of log) keySource(object, key);
  const certificates = place === 'fulcio' || place === 'pki';
  if (certificates) object.object(place);
  return {
    type: 'sigstoreSigned',
    keys: certificates ? undefined : keySource(object, place),
    unsupported: [...(certificates ? [place] : []), ...log],
    identity: signedIdentity(object),
  };
}

function theOne(object: StrictObject, keys: readonly string[], listed: string): string {
  const present = keys.filter((key) => object.has(key));
  const [key] = present;
  if (key !== undefined && present.length === 1) return key;
  const found = key === undefined ? 'none of them present' : 'more than one present';
  throw new PolicyFormatError(`Exactly one of ${listed} must be specified, ${found}`);
}

function keySource(object: StrictObject, key: string): KeySource {
  if (key.endsWith('Paths')) return { paths: object.strings(key).map((path) => keyPath(key, path)) };
  if (key.endsWith('Path')) return { paths: [keyPath(key, object.string(key))] };
  if (key.endsWith('Datas')) {
    return { data: object.strings(key).map((text) => fromBase64(text, key)) };
  }
  return { data: [fromBase64(object.string(key), key)] };
}

function keyPath(key: string, path: string): string {
  if (path === '') throw new PolicyFormatError(`${key}: the path is empty`);
  return path;
}

function signedIdentity(object: StrictObject): SignedIdentity {
  if (!object.has('signedIdentity')) return defaultIdentity;
  return parseSignedIdentity(object.get('signedIdentity'), 'signedIdentity');
}
