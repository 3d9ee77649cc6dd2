// `npm run build` ends with this: what tsc has made becomes programs, the client's own package, manual pages and completions.
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The executables in dist, and what each one runs. */
const programs: ReadonlyMap<string, string> = new Map([
  ['imaged', 'src/daemon/main.js'],
  ['imagectl', 'imagectl/imagectl.js'],
  ['imaged-idl', 'src/codegen/main.js'],
  ['probe-server', 'test/proof/probe-server.js'],
  ['certify', 'test/proof/certify.js'],
]);

for (const [name, main] of programs) {
  const file = join('dist', `${name}.js`);
  await writeFile(file, `#!/usr/bin/env node\nimport "./${main}";\n`);
  await chmod(file, 0o755);
}
await import('./imagectl/main.js');
await import('./pages/main.js');
