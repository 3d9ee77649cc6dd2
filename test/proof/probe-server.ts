// The program: probe-server ADDRESS… (unix:, tcp:, jsonrpc+unix:, jsonrpc+tcp:). Serves org.example.probe for others to check their varlink against.
import { orgExampleProbe } from './generated/org-example-probe.js';
import { ProbeService } from './probe-service.js';
import { serveUntilStopped } from './serve.js';

try {
  await serveUntilStopped(
    { name: 'probe-server', descriptor: orgExampleProbe, service: new ProbeService() },
    process.argv.slice(2),
  );
} catch (error) {
  process.stderr.write(`probe-server: ${(error as Error).message}\n`);
  process.exit(2);
}
process.exit(0);
