// imagectl as a whole: usage, versions, the address, and what it says when nobody answers.
import { rm } from 'node:fs/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Command } from 'commander';
import { commandTable } from '../../client/command-table.js';
import type { Context } from '../../client/context.js';
import { defaultAddress } from '../../client/options.js';
import { wholeProgram } from '../../client/program.js';
import { clientVersion } from '../../client/version.js';
import { ImageNotFound, ioPodman } from '../../src/generated/io-podman.js';
import { Dispatcher } from '../../src/rpc/index.js';
import { JsonRpcServer } from '../../src/rpc/jsonrpc/server.js';
import { imagectl } from './support/imagectl.js';
import type { RunningService } from './support/service.js';
import { startService } from './support/service.js';
import { until } from './support/until.js';

const nowhere = { address: 'unix:/nonexistent/io.podman' };
let services: RunningService[] = [];

async function start(podman: Parameters<typeof startService>[0]): Promise<RunningService> {
  const service = await startService(podman);
  services.push(service);
  return service;
}

afterEach(async () => {
  await Promise.all(services.map((service) => service.close()));
  services = [];
});

describe('usage', () => {
  it.each([
    [['foo'], "unrecognized command `imagectl foo`\nTry 'imagectl --help' for more information"],
    [
      ['image', 'foo'],
      "unrecognized command `imagectl image foo`\nTry 'imagectl image --help' for more information",
    ],
    [['images', '--foo'], "unknown flag: --foo\nSee 'imagectl images --help'"],
    [['image', 'pull', '-x', 'a'], "unknown shorthand flag: 'x' in -x\nSee 'imagectl image pull --help'"],
    [['images', '--sort'], "flag needs an argument: --sort\nSee 'imagectl images --help'"],
    [['version', 'x'], '`imagectl version` takes no arguments'],
    [['info', 'x'], '`imagectl info` takes no arguments'],
  ])('refuses %j in the words of podman', async (args, message) => {
    expect(await imagectl(nowhere, args)).toEqual({ stdout: '', stderr: `Error: ${message}\n`, code: 125 });
  });

  it.each([
    [[], 'imagectl'],
    [['image'], 'imagectl image'],
  ])('prints help and complains when the command is missing: %j', async (args, path) => {
    const { stdout, stderr, code } = await imagectl(nowhere, args);
    expect(stdout).toContain(`Usage: ${path} `);
    expect([stderr, code]).toEqual([`Error: missing command '${path} COMMAND'\n`, 125]);
  });

  it.each([[['--help']], [['help']], [['images', '--help']], [['image', 'rm', '-h']]])(
    'helps: %j',
    async (args) => {
      const { stdout, stderr, code } = await imagectl(nowhere, args);
      expect(stdout).toMatch(/^Usage: imagectl /);
      expect([stderr, code]).toEqual(['', 0]);
    },
  );

  it.each([['-v'], ['--version']])('tells its own version with %s', async (flag) => {
    expect(await imagectl(nowhere, [flag])).toEqual({
      stdout: `imagectl version ${clientVersion}\n`,
      stderr: '',
      code: 0,
    });
  });
});

describe('the commands', () => {
  it('are loaded all together where all are told about', async () => {
    const program = await wholeProgram({ address: nowhere.address } as Context);
    const names = (group: Command | undefined): string[] =>
      group?.commands.flatMap((command) => [command.name(), ...command.aliases()]) ?? [];
    const image = program.commands.find((command) => command.name() === 'image');
    expect(names(program).toSorted()).toEqual(
      [...commandTable.flatMap(({ top = [] }) => top), 'image'].toSorted(),
    );
    expect(names(image)).toEqual(commandTable.flatMap(({ image: below = [] }) => below));
  });

  it.each([
    [['image', 'ls', '-q'], 'listImages'],
    [['--url', 'ADDRESS', 'image', 'list'], 'listImages'],
    [['--url=ADDRESS', 'exists', 'pull'], 'imageExists'],
    [['image', '--url', 'ADDRESS', 'exists', 'pull'], 'imageExists'],
  ])('are found wherever options stand: %j', async (args, method) => {
    /* oxlint-disable typescript/require-await -- the shape of a service */
    const service = await start({
      listImages: async () => ({ images: [] }),
      imageExists: async () => ({ exists: 0 }),
    });
    /* oxlint-enable typescript/require-await */
    const words = args.map((word) => word.replace('ADDRESS', service.address));
    expect(await imagectl(service, words)).toMatchObject({ stderr: '', code: 0 });
    expect(service.calls.map(([called]) => called)).toEqual([method]);
  });
});

describe('the address', () => {
  it('is that of root or of the user', () => {
    expect(defaultAddress(0, {})).toBe('unix:/run/imaged/io.podman');
    expect(defaultAddress(1000, { XDG_RUNTIME_DIR: '/run/user/x' })).toBe(
      'unix:/run/user/x/imaged/io.podman',
    );
    expect(defaultAddress(1000, {})).toBe('unix:/run/user/1000/imaged/io.podman');
  });

  it.each([
    (address: string) => ['--url', address, 'exists', 'a'],
    (address: string) => ['exists', 'a', `--url=${address}`],
    (address: string) => ['--url', address.replace('unix:', 'unix://'), 'image', 'exists', 'a'],
  ])('is taken from --url, wherever it stands', async (args) => {
    // oxlint-disable-next-line typescript/require-await -- the shape of a service
    const service = await start({ imageExists: async () => ({ exists: 0 }) });
    expect(await imagectl(nowhere, args(service.address))).toEqual({ stdout: '', stderr: '', code: 0 });
  });

  it('may be a door that speaks JSON-RPC', async () => {
    const dispatcher = new Dispatcher();
    const missing = new ImageNotFound('b', 'b: image not known');
    dispatcher.serve(ioPodman, {
      // oxlint-disable-next-line typescript/require-await -- the shape of a service
      imageExists: async () => ({ exists: 0 }),
      historyImage: () => Promise.reject(missing),
    });
    const server = new JsonRpcServer({ dispatcher });
    const address = await server.listen('tcp:127.0.0.1:0');
    const url = `jsonrpc+${address}`;
    expect(await imagectl(nowhere, ['--url', url, 'exists', 'a'])).toMatchObject({ code: 0, stderr: '' });
    expect(await imagectl(nowhere, ['--url', url, 'history', 'b'])).toMatchObject({
      code: 125,
      stderr: 'Error: b: image not known\n',
    });
    await server.close();
  });

  it('is named when nobody answers there', async () => {
    const { stdout, stderr, code } = await imagectl(nowhere, ['images']);
    expect([stdout, stderr, code]).toEqual([
      '',
      'Error: cannot connect to imaged at unix:/nonexistent/io.podman: no such file or directory (start it with `systemctl start imaged.socket`, or say where it is with --url)\n',
      125,
    ]);
  });

  it('is named when the socket is an orphan or the address none', async () => {
    const service = await start({});
    const path = service.address.replace('unix:', '');
    await rm(path);
    expect((await imagectl(service, ['images'])).stderr).toBe(
      `Error: cannot connect to imaged at ${service.address}: no such file or directory (start it with \`systemctl start imaged.socket\`, or say where it is with --url)\n`,
    );
    expect((await imagectl({ address: 'http://x' }, ['images'])).stderr).toMatch(
      /^Error: address http:\/\/x: expected unix:PATH/,
    );
  });
});

describe('the service', () => {
  it('may not have a method yet', async () => {
    expect((await imagectl(await start({}), ['images'])).stderr).toBe(
      'Error: io.podman.ListImages is not implemented (the service is older than this imagectl: update it)\n',
    );
  });

  it('may go away in the middle of a call', async () => {
    const service = await start({
      listImages: (_params, call) =>
        new Promise((_resolve, reject) => {
          call.signal.addEventListener('abort', () => reject(new Error('gone')));
        }),
    });
    const running = imagectl(service, ['images']);
    await until(() => service.calls.length > 0);
    await service.close();
    services = [];
    expect(await running).toMatchObject({ stdout: '', code: 125 });
    expect((await running).stderr).toMatch(/^Error: .+\n$/);
  });

  it('tells its version and the client its own', async () => {
    const version = {
      version: '1.9.3',
      goVersion: 'node v20',
      gitCommit: '',
      built: '1970-01-01T00:00:00Z',
      osArch: 'linux/amd64',
      remoteApiVersion: 1,
    };
    // oxlint-disable-next-line typescript/require-await -- the shape of a service
    const service = await start({ getVersion: async () => version });
    expect((await imagectl(service, ['version'])).stdout).toBe(
      [
        'Client:     imagectl',
        `Version:    ${clientVersion}`,
        '',
        'Server:       imaged',
        'Version:      1.9.3',
        'API Version:  1',
        'Go Version:   node v20',
        'Built:        Thu Jan  1 00:00:00 1970',
        'OS/Arch:      linux/amd64',
        '',
      ].join('\n'),
    );
    expect(JSON.parse((await imagectl(service, ['version', '-f', 'json'])).stdout)).toEqual({
      Client: { Version: clientVersion },
      Server: {
        APIVersion: '1',
        Version: '1.9.3',
        GoVersion: 'node v20',
        GitCommit: '',
        BuiltTime: 'Thu Jan  1 00:00:00 1970',
        Built: 0,
        OsArch: 'linux/amd64',
        Os: 'linux',
      },
    });
  });

  it('tells about its host under the names podman has', async () => {
    const info = {
      host: {
        buildahVersion: '',
        distribution: { distribution: 'debian', version: '12' },
        memFree: 1,
        memTotal: 2,
        swapFree: 3,
        swapTotal: 4,
        arch: 'amd64',
        cpus: 2,
        hostname: 'h',
        kernel: '6.1.0',
        os: 'linux',
        uptime: '1h',
        eventlogger: 'file',
      },
      registries: { search: ['docker.io'], insecure: [], blocked: [] },
      store: {
        containers: 0,
        images: 3,
        graphDriverName: 'overlay',
        graphDriverOptions: 'map[]',
        graphRoot: '/r',
        graphStatus: { backingFilesystem: 'extfs', nativeOverlayDiff: 'true', supportsDType: 'true' },
        runRoot: '/rr',
      },
      podman: { compiler: 'tsc', goVersion: 'node', podmanVersion: '0.1.0', gitCommit: '' },
    };
    // oxlint-disable-next-line typescript/require-await -- the shape of a service
    const service = await start({ getInfo: async () => ({ info }) });
    const { stdout } = await imagectl(service, ['info']);
    expect(stdout).toContain('  distribution:\n    distribution: debian\n    version: "12"\n');
    expect(stdout).toContain('registries:\n  search:\n  - docker.io\n  insecure: []\n');
    expect(stdout).toContain('  graphOptions: {}\n');
    const json = JSON.parse((await imagectl(service, ['info', '--format', 'json'])).stdout) as Record<
      string,
      object
    >;
    expect(Object.keys(json)).toEqual(['host', 'registries', 'store', 'version']);
    expect(json['store']).toMatchObject({
      imageStore: { number: 3 },
      graphStatus: { 'Supports d_type': 'true' },
    });
  });
});
