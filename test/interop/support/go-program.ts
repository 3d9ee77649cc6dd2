// Programs on Go's varlink, built from test/interop/go with Debian's golang-go and golang-github-varlink-go-dev.
import { copyFile, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { output } from './process.js';

/** Where Debian keeps the sources of Go packages. */
const packages = '/usr/share/gocode';

interface GoProgram {
  /** Its source in test/interop/go, without `.go`. */
  readonly name: string;
  /** Where its interface is described, below test/. */
  readonly description: string;
  /** The package of stubs that Go's generator makes of it. */
  readonly stubs: string;
}

/** The probe: `PROGRAM server|client ADDRESS`. */
export function buildGoProbe(directory: string): Promise<string> {
  return build(directory, {
    name: 'probe',
    description: 'proof/org.example.probe.varlink',
    stubs: 'orgexampleprobe',
  });
}

/** A client of 2020: `PROGRAM ADDRESS COMMAND ARGUMENT...`. */
export function buildOldClient(directory: string): Promise<string> {
  return build(directory, {
    name: 'old_client',
    description: 'interop/go/io.podman.varlink',
    stubs: 'iopodman',
  });
}

/** Generates the stubs, builds below `directory` and returns the program. */
async function build(directory: string, { name, description, stubs }: GoProgram): Promise<string> {
  const sources = join(process.cwd(), 'test');
  const main = join(directory, 'src', name);
  const program = join(directory, name);
  const described = join(directory, 'src', stubs, basename(description));
  await mkdir(join(directory, 'src', stubs), { recursive: true });
  await mkdir(main, { recursive: true });
  await copyFile(join(sources, description), described);
  await copyFile(join(sources, 'interop', 'go', `${name}.go`), join(main, `${name}.go`));
  await output('varlink-go-interface-generator', [described]);
  const env = {
    ...process.env,
    GO111MODULE: 'off',
    GOFLAGS: '',
    // No C compiler needed.
    CGO_ENABLED: '0',
    GOPATH: `${directory}:${packages}`,
    GOCACHE: join(directory, 'cache'),
  };
  await output('go', ['build', '-o', program, name], { env });
  return program;
}
