// A call by another user of this host.
import { execFileSync } from 'node:child_process';

const program = `
const service = require('node:net').connect(process.argv[1]);
const parts = [];
service.write(process.argv[2] + '\\0');
service.on('data', (part) => {
  parts.push(part);
  if (part.at(-1) === 0) service.destroy();
});
service.on('close', () => process.stdout.write(Buffer.concat(parts).subarray(0, -1)));
`;

/** What the service at `address` answers to that user, whom its directory and its socket must let in. */
export function askAs(uid: number, address: string, call: object): unknown {
  const user = [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
  const script = [process.execPath, '-e', program, address.replace('unix:', ''), JSON.stringify(call)];
  return JSON.parse(execFileSync('setpriv', [...user, ...script], { encoding: 'utf8' }));
}
