// Puts a fixture into the registry that everybody pulls from.
import { output } from '../interop/support/process.js';
import type { Fixture } from './fixtures.js';

/** Returns the name to pull it by. */
export async function push(fixture: Fixture, host: string): Promise<string> {
  const image = `${host}/bench/${fixture.name}:latest`;
  const source = `oci:${fixture.layout}:latest`;
  const options = ['--insecure-policy', 'copy', '--quiet', '--dest-tls-verify=false'];
  await output('skopeo', [...options, source, `docker://${image}`]);
  return image;
}
