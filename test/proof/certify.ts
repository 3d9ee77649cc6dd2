// The program: certify server ADDRESS… | client ADDRESS. Proves varlink implementations against each other.
import { connect } from '../../src/rpc/client.js';
import { CertificationFailure, certify } from './certification-client.js';
import { CertificationService } from './certification-service.js';
import { orgVarlinkCertification } from './generated/org-varlink-certification.js';
import { serveUntilStopped } from './serve.js';

/** Milliseconds until connecting is given up. */
const timeout = 10_000;

const [role, ...addresses] = process.argv.slice(2);
try {
  process.exitCode = await run();
} catch (error) {
  process.stderr.write(`certify: ${(error as Error).message}\n`);
  process.exitCode = error instanceof CertificationFailure ? 1 : 2;
}
process.exit();

async function run(): Promise<number> {
  if (role === 'server') {
    const service = new CertificationService();
    await serveUntilStopped({ name: 'certify', descriptor: orgVarlinkCertification, service }, addresses);
    return 0;
  }
  const [address] = addresses;
  if (role === 'client' && address !== undefined) {
    await using connection = await connect(address, { timeout });
    await certify(connection, (test) => void process.stdout.write(`${test} passed\n`));
    return 0;
  }
  process.stderr.write('usage: certify server ADDRESS… | certify client ADDRESS\n');
  return 2;
}
