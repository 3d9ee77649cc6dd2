// imagectl version: of the client and of the service it talks to.
import type { Command } from 'commander';
import { noArguments, wantsJson } from '../arguments.js';
import { withClient } from '../connection.js';
import type { Context } from '../context.js';
import { toJson } from '../output/json.js';
import { formatTable } from '../output/table.js';
import { longDate } from '../output/units.js';
import { clientVersion } from '../version.js';

export function defineVersion(command: Command, context: Context): void {
  command
    .description('Display the version information of client and service')
    .usage('[options]')
    .argument('[words...]')
    .option('-f, --format <format>', 'Change the output format to JSON')
    .action((words: string[], options: { format?: string }) => version(context, words, options.format));
}

async function version(
  context: Context,
  words: readonly string[],
  format: string | undefined,
): Promise<void> {
  noArguments('version', words);
  const json = wantsJson(format);
  const server = await withClient(context, (client) => client.getVersion({}));
  const os = server.osArch.split('/')[0] ?? '';
  const built = new Date(server.built);
  if (json) {
    const values = {
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
