// The registries configuration as a whole: where a reference is pulled from, what a short name may mean.
import { decompose, withRegistry } from '../oci/local-name.js';
import type { Reference } from '../oci/reference.js';
import { formatReference, parseNormalized, repositoryName, tagNameOnly } from '../oci/reference.js';
import { RegistriesConfigError, RegistryBlockedError, ShortNameError } from './registries-errors.js';
import type { Mirror, RegistryEntry, ShortNameMode } from './registries-file.js';
import { bestMatch, rewrite } from './registries-match.js';

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
  readonly aliases: ReadonlyMap<string, string>;
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

  /**
   * What a name may mean, best first: itself if it names a registry, the one alias it has, or one
   * reference in each search registry. All are normalised, with `:latest` when there was neither tag
   * nor digest. Throws {@link ShortNameError}, InvalidReferenceError.
   */
  resolveShortName(name: string): readonly Reference[] {
    const decomposed = decompose(name);
    if (decomposed.hasRegistry) return [tagNameOnly(parseNormalized(name))];
    const alias = this.#settings.aliases.get(repositoryName(decomposed.reference)) ?? '';
    if (alias !== '' && this.#settings.shortNameMode !== 'disabled') {
      const { tag, digest } = decomposed.reference;
      const target = { ...aliasTarget(name, alias), ...(tag && { tag }), ...(digest && { digest }) };
      return [tagNameOnly(target)];
    }
    const { search, shortNameMode } = this.#settings;
    if (search.length === 0) {
      throw new ShortNameError(
        'image name provided is a short name and no search registries are defined in the registries config file.',
      );
    }
    if (shortNameMode === 'enforcing' && search.length > 1) {
      throw new ShortNameError('short-name resolution enforced but cannot prompt without a TTY');
    }
    return search.map((registry) => tagNameOnly(withRegistry(decomposed, registry)));
  }

  #entryOf(reference: Reference): RegistryEntry | undefined {
    const entry = bestMatch(this.#settings.entries, reference);
    if (entry?.blocked !== true) return entry;
    throw new RegistryBlockedError(`registry ${entry.prefix} is blocked in ${this.#settings.origin}`);
  }
}

function serves(mirror: Mirror, { digest }: Reference): boolean {
  return mirror.use === 'all' || (mirror.use === 'digest-only') === (digest !== undefined);
}

function aliasTarget(name: string, alias: string): Reference {
  const target = parseNormalized(alias);
  const named = decompose(alias).hasRegistry && repositoryName(target) === formatReference(target);
  if (named) return target;
  throw new RegistriesConfigError(`invalid alias of "${name}": "${alias}" is no repository with a registry`);
}
