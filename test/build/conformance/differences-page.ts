// docs/build-differences.md: in what images of imaged differ from buildah's on purpose, as the cases have it.
import { allCases } from './cases/index.js';

/** The whole page. */
export function differencesPage(): string {
  const sections = Object.entries(allCases).flatMap(([group, cases]) => {
    const rows = cases.flatMap(({ name, differs }) =>
      differs === undefined ? [] : [{ name, why: differs.why }],
    );
    if (rows.length === 0) return [];
    const reasons = new Map<string, string[]>();
    for (const { name, why } of rows) reasons.set(why, [...(reasons.get(why) ?? []), name]);
    const lines = [...reasons].map(([why, names]) => `- ${why}\n  (${names.join('; ')})`);
    return [`## ${group}\n\n${lines.join('\n')}\n`];
  });
  return [
    '# Where builds differ from buildah’s\n',
    'Written by `npm run docs` from the cases in `test/build/conformance/cases`. Each case is built with imaged and with buildah',
    '1.28, and what the two images are is compared: configuration, history, layers, manifest and every file. All that is not listed',
    'here is the same. In brackets: the cases.\n',
    sections.join('\n'),
  ].join('\n');
}
