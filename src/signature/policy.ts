// policy.json as values: which images may be used, and what must hold of them (images-and-transports §7.1).
import { scopesOf, type SignedOrigin } from './scopes.js';
import type { SignedIdentity } from './signed-identity.js';

/** Where the trusted keys are: any one of them will do. */
export type KeySource = { readonly paths: readonly string[] } | { readonly data: readonly Buffer[] };

export type Requirement =
  | { readonly type: 'insecureAcceptAnything' }
  | { readonly type: 'reject' }
  | {
      readonly type: 'signedBy';
      readonly keyType: string;
      readonly keys: KeySource;
      readonly identity: SignedIdentity;
    }
  | {
      readonly type: 'sigstoreSigned';
      readonly keys: KeySource | undefined;
      /** What it asks for that cannot be verified here. */
      readonly unsupported: readonly string[];
      readonly identity: SignedIdentity;
    }
  | { readonly type: 'signedBaseLayer' };

/** All of them must hold. */
export type Requirements = readonly Requirement[];

export interface Policy {
  readonly default: Requirements;
  /** transport → scope → requirements */
  readonly transports: ReadonlyMap<string, ReadonlyMap<string, Requirements>>;
}

/** The requirements for an image, and where in the policy they stand. */
export interface PolicyEntry {
  readonly requirements: Requirements;
  /** As an administrator would look for it: `docker "quay.io/team"`. */
  readonly place: string;
}

/** The one list that counts for an image: that of its most specific scope. */
export function policyEntryFor(policy: Policy, origin: SignedOrigin): PolicyEntry {
  const { transport } = origin;
  const scopes = policy.transports.get(transport);
  for (const scope of scopes === undefined ? [] : scopesOf(origin)) {
    const requirements = scopes?.get(scope);
    if (requirements !== undefined) return { requirements, place: `${transport} ${JSON.stringify(scope)}` };
  }
  return { requirements: policy.default, place: 'default' };
}
