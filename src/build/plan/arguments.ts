// Build arguments that nobody needs to declare (build.md, Variables).
import type { Platform } from '../../oci/platform.js';

const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'];

/** Names that reach RUN without ARG when the request gives them. */
export const predefinedArguments: ReadonlySet<string> = new Set([
  ...proxies,
  ...proxies.map((name) => name.toLowerCase()),
]);

/** What FROM lines see, and a stage behind a plain ARG. `stage`: the name of the target as the request has it, empty for the last one. */
export function platformArguments(
  target: Platform,
  build: Platform,
  stage: string,
): ReadonlyMap<string, string> {
  return new Map([
    ['TARGETPLATFORM', platformName(target)],
    ['TARGETOS', target.os],
    ['TARGETARCH', target.architecture],
    ['TARGETVARIANT', target.variant ?? ''],
    ['BUILDPLATFORM', platformName(build)],
    ['BUILDOS', build.os],
    ['BUILDARCH', build.architecture],
    ['BUILDVARIANT', build.variant ?? ''],
    ['TARGETSTAGE', stage === '' ? 'default' : stage],
  ]);
}

function platformName({ os, architecture, variant = '' }: Platform): string {
  return [os, architecture, variant].filter((part) => part !== '').join('/');
}
