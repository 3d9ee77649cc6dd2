// systemd as later Debian releases have it: varlinkctl is among its programs, and services that speak varlink.
import { type DebianRelease, openRelease } from './debian-release.js';

/** Debian's codenames; others, such as forky, by the environment. */
export const systemdReleases: readonly string[] = (process.env['IMAGED_TEST_DEBIAN'] ?? 'trixie').split(',');

export function openSystemd(release: string): Promise<DebianRelease> {
  return openRelease(release, ['systemd']);
}
