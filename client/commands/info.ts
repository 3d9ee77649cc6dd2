// imagectl info: the service's machine, registries and store.
import type { Command } from 'commander';
import type { PodmanInfo } from '../../src/generated/io-podman.js';
import { noArguments } from '../arguments.js';
import { withClient } from '../connection.js';
import type { Context } from '../context.js';
import { toJson } from '../output/json.js';
import { toYaml } from '../output/yaml.js';
import { isJsonFormat } from '../report/format-kind.js';

export function defineInfo(command: Command, context: Context): void {
  command
    .description('Display information about the service')
    .usage('[options]')
    .argument('[words...]')
    .option('-f, --format <format>', 'Change the output format to JSON or a Go template')
    .action((words: string[], options: { format?: string }) => info(context, words, options.format));
}

async function info(context: Context, words: readonly string[], format: string | undefined): Promise<void> {
  noArguments('info', words);
  const report = await reportOf(context, format);
  const reply = await withClient(context, (client) => client.getInfo({}));
  const values = inPodmansWords(reply.info);
  if (report !== undefined) report(values);
  else context.stdout.write(isJsonFormat(format) ? `${toJson(values, 2)}\n` : toYaml(values));
}

/** Prints by a template, if one is asked for; it is read before anything else is done. */
async function reportOf(
  context: Context,
  format: string | undefined,
): Promise<((values: object) => void) | undefined> {
  if (format === undefined || isJsonFormat(format)) return undefined;
  const { Report } = await import('../report/report.js');
  const { infoValue } = await import('../report/info-type.js');
  const report = new Report('info', format, { each: false });
  return (values) => report.print(context.stdout, infoValue(values));
}

/** The values of the interface under the names and in the order `podman info` has for them. */
function inPodmansWords({ host, registries, store, podman }: PodmanInfo) {
  return {
    host: {
      arch: host.arch,
      buildahVersion: host.buildahVersion,
      cpus: host.cpus,
      distribution: { distribution: host.distribution.distribution, version: host.distribution.version },
      eventLogger: host.eventlogger,
      hostname: host.hostname,
      kernel: host.kernel,
      memFree: host.memFree,
      memTotal: host.memTotal,
      os: host.os,
      swapFree: host.swapFree,
      swapTotal: host.swapTotal,
      uptime: host.uptime,
    },
    registries: { search: registries.search, insecure: registries.insecure, blocked: registries.blocked },
    store: {
      containerStore: { number: store.containers },
      graphDriverName: store.graphDriverName,
      // The interface has the text of a map here; this is an empty one.
      graphOptions: store.graphDriverOptions === 'map[]' ? {} : store.graphDriverOptions,
      graphRoot: store.graphRoot,
      graphStatus: {
        'Backing Filesystem': store.graphStatus.backingFilesystem,
        'Native Overlay Diff': store.graphStatus.nativeOverlayDiff,
        'Supports d_type': store.graphStatus.supportsDType,
      },
      imageStore: { number: store.images },
      runRoot: store.runRoot,
    },
    version: {
      Compiler: podman.compiler,
      GitCommit: podman.gitCommit,
      GoVersion: podman.goVersion,
      Version: podman.podmanVersion,
    },
  };
}
