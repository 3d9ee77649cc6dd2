// The version of this program.
import { readFileSync } from 'node:fs';

interface Version {
  readonly version: string;
  /** The project's page. */
  readonly url: string;
}

/** What package.json says. */
export function readVersion(): Version {
  // From dist/src/daemon, where this file runs.
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  const { version, homepage } = JSON.parse(text) as { readonly version: string; readonly homepage?: string };
  return { version, url: homepage ?? '' };
}
