// The changelog in Debian's form, from the headings of CHANGELOG.md.
import { readFileSync } from 'node:fs';

export const maintainer = 'imaged maintainers <maintainers@imaged.invalid>';

/** One entry for each version; what changed is in NEWS.md, which the package has, too. */
export function debianChangelog(epoch: number): string {
  const versions = [...readFileSync('CHANGELOG.md', 'utf8').matchAll(/^## (\d\S*)/gm)];
  const date = new Date(epoch * 1000).toUTCString().replace('GMT', '+0000');
  return versions
    .map(
      ([, version]) =>
        `imaged (${version}) unstable; urgency=medium\n\n  * /usr/share/doc/imaged/NEWS.md.gz says what is new.\n\n -- ${maintainer}  ${date}\n`,
    )
    .join('\n');
}
