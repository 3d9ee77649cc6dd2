// imagectl version: of the client and of the service it talks to.
import type { Command } from 'commander';
import { noArguments } from '../arguments.js';
import { withClient } from '../connection.js';
import type { Context } from '../context.js';
import { CommandError } from '../errors.js';
import { toJson } from '../output/json.js';
import { formatTable } from '../output/table.js';
import { longDate } from '../output/units.js';
import { isJsonFormat } from '../report/format-kind.js';
import { clientVersion } from '../version.js';

export function defineVersion(command: Command, context: Context): void {
  command
    .description('Display the version information of client and service')
    .usage('[options]')
    .argument('[words...]')
    .option('-f, --format <format>', 'Change the output format to JSON or a Go template')
    .action((words: string[], options: { format?: string }) => version(context, words, options.format));
}

async function version(
  context: Context,
  words: readonly string[],
  format: string | undefined,
): Promise<void> {
  noArguments('version', words);
  const report = await reportOf(context, format);
  const server = await withClient(context, (client) => client.getVersion({}));
  const os = server.osArch.split('/')[0] ?? '';
  const built = new Date(server.built);
  const values: Versions = {
    Client: { Version: clientVersion },
    Server: {
      APIVersion: String(server.remoteApiVersion),
      Version: server.version,
      GoVersion: server.goVersion,
      GitCommit: server.gitCommit,
      BuiltTime: longDate(built),
      Built: Math.floor(built.getTime() / 1000),
      OsArch: server.osArch,
      Os: os,
    },
  };
  if (report !== undefined) return report(values);
  if (isJsonFormat(format)) {
    context.stdout.write(`${toJson(values)}\n`);
    return;
  }
  context.stdout.write(
    formatTable([
      ['Client:', 'imagectl'],
      ['Version:', clientVersion],
    ]),
  );
  context.stdout.write(
    `\n${formatTable([
      ['Server:', 'imaged'],
      ['Version:', server.version],
      ['API Version:', String(server.remoteApiVersion)],
      ['Go Version:', server.goVersion],
      ...(server.gitCommit === '' ? [] : [['Git Commit:', server.gitCommit]]),
      ['Built:', longDate(built)],
      ['OS/Arch:', server.osArch],
    ])}`,
  );
}

interface Versions {
  readonly Client: object;
  readonly Server: object;
}

/** Prints by a template, if one is asked for; it is read before anything else is done. */
async function reportOf(
  context: Context,
  format: string | undefined,
): Promise<((versions: Versions) => void) | undefined> {
  if (format === undefined || isJsonFormat(format)) return undefined;
  const { Report } = await import('../report/report.js');
  const { clientVersionValue, versionValue } = await import('../report/version-type.js');
  const report = new Report('version', format, { each: false });
  // Templates of before there was a service are about the client alone.
  const old = new Report('version', format.replaceAll('.Server.', '.'), { each: false });
  return (versions) => {
    try {
      report.print(context.stdout, versionValue(versions));
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      old.print(context.stdout, clientVersionValue(versions));
    }
  };
}
