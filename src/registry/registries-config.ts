// The registries configuration as a whole: where a reference is pulled from, what a short name may mean.
import type { Decomposed } from '../oci/local-name.js';
import { decompose, withRegistry } from '../oci/local-name.js';
import type { Reference } from '../oci/reference.js';
import { parseNormalized, repositoryName, tagNameOnly } from '../oci/reference.js';
import { RegistryBlockedError, ShortNameError } from './registries-errors.js';
import type { Aliases } from './short-name-aliases.js';
import type { Mirror, RegistryEntry, ShortNameMode } from './registries-file.js';
import { bestMatch, bestMatchOf, rewrite } from './registries-match.js';

/** One place to try for a reference. */
export interface PullSource {
  /** What to ask for, at the host it names. */
  readonly reference: Reference;
  /** What the user asked for; explicit credentials are for its host only. */
  readonly requested: Reference;
  /** Plain http and unverified certificates are fine. */
  readonly insecure: boolean;
}

/** What the files say together, later ones over earlier ones. */
export interface RegistriesSettings {
  readonly entries: readonly RegistryEntry[];
  readonly search: readonly string[];
  readonly shortNameMode: ShortNameMode;
  readonly credentialHelpers: readonly string[];
  readonly aliases: Aliases;
  /** Named when something is blocked: main file and directory. */
  readonly origin: string;
}

/** Immutable; load another one to see changed files. */
export class RegistriesConfig {
  readonly #settings: RegistriesSettings;

  constructor(settings: RegistriesSettings) {
    this.#settings = settings;
  }

  /** Hosts to look for short names in, in order. */
  get search(): readonly string[] {
    return this.#settings.search;
  }

  /** Prefixes that may be reached without TLS or with any certificate. */
  get insecure(): readonly string[] {
    return this.#settings.entries.filter(({ insecure }) => insecure).map(({ prefix }) => prefix);
  }

  /** Prefixes that must not be used. */
  get blocked(): readonly string[] {
    return this.#settings.entries.filter(({ blocked }) => blocked).map(({ prefix }) => prefix);
  }

  get credentialHelpers(): readonly string[] {
    return this.#settings.credentialHelpers;
  }

  /**
   * Where to pull a normalised reference from, mirrors first; try each until one delivers the manifest.
   * Throws {@link RegistryBlockedError}, {@link RegistriesConfigError} when a location makes no reference.
   */
  pullSources(requested: Reference): readonly PullSource[] {
    const entry = this.#entryOf(requested);
    if (entry === undefined) return [{ reference: requested, requested, insecure: false }];
    const mirrors = entry.mirrors.filter((mirror) => serves(mirror, requested));
    return [...mirrors, entry].map(({ location, insecure }) => ({
      reference: rewrite(requested, entry.prefix, location),
      requested,
      insecure,
    }));
  }

  /** Where to push a normalised reference to: never a mirror. Throws as {@link pullSources} does. */
  pushTarget(requested: Reference): PullSource {
    return this.pullSources(requested).at(-1)!;
  }

  /** Is plain http to this host, or an unverified certificate, allowed? */
  isInsecure(requested: Reference): boolean {
    return bestMatch(this.#settings.entries, requested)?.insecure ?? false;
  }

  /** How a registry as a whole is reached: `localhost:5000`. Throws {@link RegistryBlockedError}. */
  registry(host: string): { readonly host: string; readonly insecure: boolean } {
    const entry = this.#allowed(bestMatchOf(this.#settings.entries, host));
    return { host, insecure: entry?.insecure ?? false };
  }

  /**
   * What a name may mean, best first: itself if it names a registry, the one alias it has, or one
   * reference in each search registry; nothing for a short name without either. All are normalised,
   * with `:latest` when there was neither tag nor digest. Throws InvalidReferenceError.
   */
  candidates(name: string): readonly Reference[] {
    const decomposed = decompose(name);
    if (decomposed.hasRegistry) return [tagNameOnly(parseNormalized(name))];
    const alias = this.#aliasOf(decomposed);
    if (alias !== undefined) return [alias];
    return this.#settings.search.map((registry) => tagNameOnly(withRegistry(decomposed, registry)));
  }

  /** The {@link candidates} to pull; throws {@link ShortNameError} when there is none or only a user could choose. */
  resolveShortName(name: string): readonly Reference[] {
    const candidates = this.candidates(name);
    if (candidates.length === 0) {
      throw new ShortNameError(
        'image name provided is a short name and no search registries are defined in the registries config file.',
      );
    }
    if (candidates.length > 1 && this.#settings.shortNameMode === 'enforcing') {
      throw new ShortNameError('short-name resolution enforced but cannot prompt without a TTY');
    }
    return candidates;
  }

  #aliasOf({ reference }: Decomposed): Reference | undefined {
    const alias = this.#settings.aliases.get(repositoryName(reference));
    const { tag, digest } = reference;
    return (
      alias &&
      tagNameOnly({ ...alias, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) })
    );
  }

  #entryOf(reference: Reference): RegistryEntry | undefined {
    return this.#allowed(bestMatch(this.#settings.entries, reference));
  }

  #allowed(entry: RegistryEntry | undefined): RegistryEntry | undefined {
    if (entry?.blocked !== true) return entry;
    throw new RegistryBlockedError(`registry ${entry.prefix} is blocked in ${this.#settings.origin}`);
  }
}

function serves(mirror: Mirror, { digest }: Reference): boolean {
  return mirror.use === 'all' || (mirror.use === 'digest-only') === (digest !== undefined);
}
