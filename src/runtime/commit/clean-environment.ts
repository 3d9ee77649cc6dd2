// The variables of a container that belong into an image of it: the image's own, and those that its user gave it.

/** What engines tell every container in these words. */
const announcements: ReadonlySet<string> = new Set([
  'container=podman',
  'container=oci',
  'TERM=xterm',
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
]);
/** These have values of the host, or of this one container. */
const passing: ReadonlySet<string> = new Set([
  'HOME',
  'HOSTNAME',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'FTP_PROXY',
  'NO_PROXY',
  'ALL_PROXY',
]);
/** A cluster describes each of its services: `NAME_SERVICE_HOST`, `NAME_SERVICE_PORT`, `NAME_PORT_80_TCP` and more. */
const serviceSuffix = '_SERVICE_HOST';
const behindService = /_(?:SERVICE_|PORT)/;
/** Parts of a key that may be the name of a service: names may have these words, too. */
const MOST_TRIES = 4;

/** A container's variables, and what is known of where each is from. */
export interface ContainerEnvironment {
  /** `KEY=value`; of two with one key the later one counts, here and below. */
  readonly variables: readonly string[];
  /** Of the image it was made from. */
  readonly image: readonly string[];
  /** Keys that are known to be from its user; none where nobody knows. */
  readonly given?: ReadonlySet<string> | undefined;
}

/**
 * The variables of the image, in their order and with the container's values, then the user's, sorted. What an engine adds by
 * itself is left out: `container=podman`, `TERM`, `HOSTNAME`, `HOME`, the host's proxies, and what a cluster tells of its services.
 */
export function cleanEnvironment({ variables, image, given }: ContainerEnvironment): readonly string[] {
  const values = mapOf(image);
  const container = mapOf(variables);
  const services = servicesOf(container.keys());
  // Engines have them in any order: sorted, the same container always gives the same image.
  const sorted = [...container].toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (const [key, variable] of sorted) {
    const isAdded =
      announcements.has(variable) || (!values.has(key) && (isPassing(key) || isOfService(key, services)));
    if (!isAdded || given?.has(key) === true) values.set(key, variable);
  }
  return [...values.values()];
}

/** A variable of the same key takes the place of the earlier one. */
export function setVariables(variables: readonly string[], added: readonly string[]): readonly string[] {
  return [...mapOf([...variables, ...added]).values()];
}

function mapOf(variables: readonly string[]): Map<string, string> {
  return new Map(variables.map((variable) => [variable.split('=', 1)[0] ?? '', variable]));
}

function isPassing(key: string): boolean {
  return passing.has(key) || passing.has(key.toUpperCase());
}

function servicesOf(keys: Iterable<string>): ReadonlySet<string> {
  const hosts = [...keys].filter((key) => key.endsWith(serviceSuffix));
  return new Set(hosts.map((key) => key.slice(0, -serviceSuffix.length)));
}

function isOfService(key: string, services: ReadonlySet<string>): boolean {
  if (services.size === 0) return false;
  for (let tries = 0, from = 0; tries < MOST_TRIES; tries += 1) {
    const at = key.slice(from).search(behindService);
    if (at < 0) return false;
    if (services.has(key.slice(0, from + at))) return true;
    from += at + 1;
  }
  return false;
}
