// Where the files lie that Podman's tools read too, with the same precedence (images-and-transports §3.1, 5.2, 7.1, 11).
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { registriesPaths, type RegistriesPaths } from '../registry/registries-load.js';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ConfigurationSources {
  readonly environment: Environment;
  readonly uid: number;
  readonly registriesConf?: string;
  readonly signaturePolicy?: string;
  readonly registriesD?: string;
  readonly authfile?: string;
  readonly eventsFile?: string;
}

export interface ConfigurationPaths {
  readonly environment: Environment;
  readonly uid: number;
  readonly home: string;
  /** Where a user's own configuration is. */
  readonly configHome: string;
  readonly registries: RegistriesPaths;
  /** Instead of every other file with credentials, from the command line. */
  readonly authfile: string | undefined;
  /** The first that exists counts. */
  readonly policy: readonly string[];
  /** Directories of which the first that exists says where signatures are kept. */
  readonly registriesD: readonly string[];
  /** Where they are kept when nothing else is said; a URL. */
  readonly lookaside: string;
  /** From the command line. */
  readonly eventsFile: string | undefined;
  /** Podman's directory for what is gone after a reboot. */
  readonly podmanDirectory: string;
}

export function configurationPaths(sources: ConfigurationSources): ConfigurationPaths {
  const { environment, uid } = sources;
  const home = environment['HOME'] ?? '/';
  const configHome = environment['XDG_CONFIG_HOME'] || join(home, '.config');
  const runtimeDirectory = environment['XDG_RUNTIME_DIR'] || `/run/user/${uid}`;
  return {
    environment,
    uid,
    home,
    configHome,
    registries: registriesPaths({ flag: sources.registriesConf, env: environment, uid, home }),
    authfile: sources.authfile,
    policy:
      sources.signaturePolicy === undefined
        ? [join(configHome, 'containers/policy.json'), '/etc/containers/policy.json']
        : [sources.signaturePolicy],
    registriesD:
      sources.registriesD === undefined
        ? [join(configHome, 'containers/registries.d'), '/etc/containers/registries.d']
        : [sources.registriesD],
    lookaside: pathToFileURL(
      uid === 0 ? '/var/lib/containers/sigstore' : join(home, '.local/share/containers/sigstore'),
    ).href,
    eventsFile: sources.eventsFile,
    podmanDirectory: uid === 0 ? '/run/libpod' : join(runtimeDirectory, 'libpod/tmp'),
  };
}
