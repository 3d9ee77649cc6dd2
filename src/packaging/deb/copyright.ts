// Whose work is in the package, and under which terms: Debian's machine-readable file copyright.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { Module } from './modules.js';

/** Debian's names for terms that npm calls otherwise. */
const debianNames: Readonly<Record<string, string>> = { MIT: 'Expat' };

export function writeCopyright(path: string, modules: readonly Module[]): void {
  const paragraphs = [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: imaged',
    'Files: *\nCopyright: the authors of imaged\nLicense: Apache-2.0',
    ...modules.map(moduleParagraph),
    'License: Apache-2.0\n The whole text is in /usr/share/common-licenses/Apache-2.0.',
  ];
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${paragraphs.join('\n\n')}\n`);
}

function moduleParagraph({ path, license, author }: Module): string {
  const text = licenseText(path);
  const holders = (text.match(/^\s*(copyright .*\d.*)$/gim) ?? []).map((line) => line.trim());
  const whose = holders.length > 0 ? holders : [author];
  const name = debianNames[license] ?? license;
  const fields = `Files: usr/lib/imaged/${path}/*\nCopyright: ${whose.join('\n ')}\nLicense: ${name}`;
  return license === 'Apache-2.0' ? fields : `${fields}\n${indented(text || `As ${license} has it.`)}`;
}

function licenseText(path: string): string {
  const file = readdirSync(path).find((name) => /^licen[cs]e/i.test(name));
  return file === undefined ? '' : readFileSync(join(path, file), 'utf8').replaceAll('\r', '').trim();
}

/** The form of continued fields: a space in front, and a dot for an empty line. */
function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => (line.trim() === '' ? ' .' : ` ${line.trim()}`))
    .join('\n');
}
