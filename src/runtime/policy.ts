// The signature policy: whether an image of this source may be used at all (images-and-transports §7.1).
import { readFile } from 'node:fs/promises';
import { formatReference, repositoryName, type Reference } from '../oci/reference.js';
import { parseStrictJson } from '../oci/strict-json.js';
import type { ConfigurationPaths } from './configuration-paths.js';
import type { ImageGate } from './copy.js';
import { messageOf, PolicyError } from './errors.js';

interface Requirement {
  readonly type: string;
}

/** A policy.json that was checked as far as its shape goes. */
export interface Policy {
  readonly path: string;
  readonly default: readonly Requirement[];
  /** transport → scope → requirements */
  readonly transports: ReadonlyMap<string, ReadonlyMap<string, readonly Requirement[]>>;
}

/**
 * The policy in the first of `paths` that exists; the last one is named when none does. It is read again for each
 * operation. Throws {@link PolicyError}: without a policy nothing may be copied.
 */
export async function readPolicy(paths: readonly string[]): Promise<Policy> {
  for (const [index, path] of paths.entries()) {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (missing && index < paths.length - 1) continue;
      const reason = missing ? 'no such file or directory' : messageOf(error);
      throw new PolicyError(`open ${path}: ${reason}`, { cause: error });
    }
    try {
      return { path, ...parsePolicy(text) };
    } catch (error) {
      throw new PolicyError(`invalid policy in "${path}": ${messageOf(error)}`, { cause: error });
    }
  }
  throw new PolicyError('no signature policy is configured');
}

function parsePolicy(text: string): Omit<Policy, 'path'> {
  const top = asObject(parseStrictJson(Buffer.from(text)), 'policy');
  for (const key of Object.keys(top)) {
    if (key !== 'default' && key !== 'transports') throw new PolicyError(`Unknown key "${key}"`);
  }
  if (top['default'] === undefined) throw new PolicyError('Default policy is missing');
  const transports = new Map<string, ReadonlyMap<string, readonly Requirement[]>>();
  for (const [transport, scopes] of Object.entries(asObject(top['transports'] ?? {}, 'transports'))) {
    const byScope = new Map<string, readonly Requirement[]>();
    for (const [scope, requirements] of Object.entries(asObject(scopes, transport))) {
      byScope.set(scope, asRequirements(requirements));
    }
    transports.set(transport, byScope);
  }
  return { default: asRequirements(top['default']), transports };
}

function asObject(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new PolicyError(`${what} is not an object`);
  }
  return value as Readonly<Record<string, unknown>>;
}

const knownTypes = new Set([
  'insecureAcceptAnything',
  'reject',
  'signedBy',
  'signedBaseLayer',
  'sigstoreSigned',
]);

function asRequirements(value: unknown): readonly Requirement[] {
  if (!Array.isArray(value)) throw new PolicyError('requirements are not a list');
  if (value.length === 0) throw new PolicyError('List of verification policy requirements must not be empty');
  return value.map((entry: unknown) => {
    const { type } = asObject(entry, 'requirement');
    if (typeof type !== 'string' || !knownTypes.has(type)) {
      throw new PolicyError(`Unknown policy requirement type "${String(type)}"`);
    }
    return { type };
  });
}

/** The gate by the policy as it is now; see {@link readPolicy}. */
export async function policyGate(paths: ConfigurationPaths): Promise<ImageGate> {
  const policy = await readPolicy(paths.policy);
  return {
    admit: async ({ reference }) => {
      if (reference !== undefined) requireAccepted(policy, reference);
    },
  };
}

/** Throws {@link PolicyError} unless every requirement for the registry image `reference` holds. */
export function requireAccepted(policy: Policy, reference: Reference): void {
  for (const { type } of requirementsFor(policy, reference)) {
    if (type === 'insecureAcceptAnything') continue;
    const image = `docker:${formatReference(reference)}`;
    if (type === 'reject') {
      throw new PolicyError(`Source image rejected: Running image ${image} is rejected by policy.`);
    }
    // An image is never accepted on a requirement that was not checked.
    throw new PolicyError(
      `Source image rejected: ${policy.path} requires "${type}" for ${image}, which this version cannot verify`,
    );
  }
}

function requirementsFor(policy: Policy, reference: Reference): readonly Requirement[] {
  const scopes = policy.transports.get('docker');
  if (scopes === undefined) return policy.default;
  const repository = repositoryName(reference);
  const candidates = [formatReference(reference), repository];
  for (let cut = repository.lastIndexOf('/'); cut > 0; cut = repository.lastIndexOf('/', cut - 1)) {
    candidates.push(repository.slice(0, cut));
  }
  candidates.push(...wildcardScopes(reference.domain), '');
  for (const scope of candidates) {
    const requirements = scopes.get(scope);
    if (requirements !== undefined) return requirements;
  }
  return policy.default;
}

/** `*.example.com` for `quay.example.com:5000`, then its parents; the port does not count. */
function wildcardScopes(domain: string): readonly string[] {
  const labels = domain.replace(/:\d+$/, '').split('.');
  return labels.slice(1).map((_, index) => `*.${labels.slice(index + 1).join('.')}`);
}
