// The program: probe-server ADDRESS. Serves org.example.probe for others to check their varlink against.
import { orgExampleProbe } from './generated/org-example-probe.js';
import { ProbeService } from './probe-service.js';
import { serveUntilStopped } from './serve.js';

const [address] = process.argv.slice(2);
try {
  await serveUntilStopped(
    { name: 'probe-server', descriptor: orgExampleProbe, service: new ProbeService() },
    address,
  );
} catch (error) {
  process.stderr.write(`probe-server: ${(error as Error).message}\n`);
  process.exit(2);
}
process.exit(0);
