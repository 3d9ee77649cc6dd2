// The probe on Go's varlink, built from test/interop/go with Debian's golang-go and golang-github-varlink-go-dev.
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { output } from './process.js';

/** Where Debian keeps the sources of Go packages. */
const packages = '/usr/share/gocode';

/** Generates the stubs, builds below `directory` and returns the program: `PROGRAM server|client ADDRESS`. */
export async function buildGoProbe(directory: string): Promise<string> {
  const sources = join(process.cwd(), 'test');
  const stubs = join(directory, 'src', 'orgexampleprobe');
  const main = join(directory, 'src', 'probe');
  const program = join(directory, 'probe');
  await mkdir(stubs, { recursive: true });
  await mkdir(main, { recursive: true });
  await copyFile(
    join(sources, 'proof', 'org.example.probe.varlink'),
    join(stubs, 'org.example.probe.varlink'),
  );
  await copyFile(join(sources, 'interop', 'go', 'probe.go'), join(main, 'probe.go'));
  await output('varlink-go-interface-generator', [join(stubs, 'org.example.probe.varlink')]);
  const env = {
    ...process.env,
    GO111MODULE: 'off',
    GOFLAGS: '',
    // No C compiler needed.
    CGO_ENABLED: '0',
    GOPATH: `${directory}:${packages}`,
    GOCACHE: join(directory, 'cache'),
  };
  await output('go', ['build', '-o', program, 'probe'], { env });
  return program;
}
