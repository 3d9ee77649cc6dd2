// Calls that bring images in and out, and the files they travel in.
import { expect } from '@jest/globals';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';

import { output } from '../support/process.js';
import type { Example, MethodExamples } from './example.js';
import type { Stage } from './stage.js';
import { unknownImages } from './common-failures.js';
import type { Parameters } from './way.js';

const id = expect.stringMatching(/^[0-9a-f]{64}$/);

/** The names in the manifest of an archive that podman can load. */
async function namesIn(archive: string): Promise<unknown> {
  const [item] = JSON.parse(await output('tar', ['-xOf', archive, 'manifest.json'])) as {
    RepoTags: unknown;
  }[];
  return item?.RepoTags;
}

const push = (stage: Stage, tag: string, more: object = {}): Parameters => {
  const plain = { compress: false, format: '', removeSignatures: false, signBy: '' };
  return { ...plain, name: stage.names.oci, tag, ...more };
};
const pull = (name: string): Parameters => ({ name, creds: { username: '', password: '' } });
const save = (name: string, format: string): Parameters => ({
  options: { name, format, output: '', outputType: '', moreTags: [], quiet: false, compress: false },
});

export const moving = {
  PullImage: {
    succeeds: [
      {
        title: 'tells each step and the id',
        parameters: async (stage) => {
          await stage.without(stage.names.remote);
          return pull(stage.names.remote);
        },
        gives: (stage) => ({ reply: { id: stage.id('remote') } }),
      },
      {
        title: 'of an image that is there says nothing but its id',
        parameters: (stage) => pull(stage.names.oci),
        gives: (stage) => ({ reply: { id: stage.id('oci'), logs: [] } }),
      },
    ],
    fails: [
      {
        title: 'of an image that the registry does not have',
        parameters: (stage) => pull(`${stage.registry.host}/no/such:1`),
        error: 'ErrorOccurred',
        gives: (stage) => {
          const name = `${stage.registry.host}/no/such:1`;
          const reason = `unable to pull ${name}: unable to pull ${name}: unable to pull image: `;
          return { reason: expect.stringMatching(new RegExp(`^${reason}.*manifest unknown`, 's')) };
        },
      },
      {
        title: 'of an archive that is not named',
        parameters: pull('docker-archive:'),
        error: 'ErrorOccurred',
        gives: { reason: expect.stringMatching(/^error (?:parsing|pulling image from) "docker-archive:"/) },
      },
      {
        title: 'of a name that cannot be one',
        parameters: pull('quay.io/UPPER'),
        error: 'ErrorOccurred',
        gives: { reason: expect.stringMatching(/repository name must be lowercase/) },
      },
    ],
  },

  PushImage: {
    succeeds: [
      {
        title: 'to a registry tells each step, and the id in every reply',
        parameters: (stage) => push(stage, `${stage.registry.host}/pushed/oci:1`),
        gives: (stage) => ({ reply: { id: stage.id('oci') } }),
      },
      {
        title: 'to an archive writes it',
        parameters: (stage) => push(stage, `docker-archive:${stage.fresh()}:some:1`),
        gives: (stage) => ({ reply: { id: stage.id('oci') } }),
      },
    ],
    fails: [
      ...unknownImages((name) => ({ name, tag: 'dir:/nowhere' })),
      {
        title: 'in a form there is not',
        parameters: (stage) => push(stage, `dir:${stage.fresh()}`, { format: 'v3' }),
        error: 'ErrorOccurred',
        gives: {
          reason: `unknown format "v3". Choose on of the supported formats: 'oci', 'v2s1', or 'v2s2'`,
        },
      },
      {
        title: 'onto an archive that is there',
        parameters: (stage) => push(stage, `docker-archive:${stage.path('saved.tar')}`),
        error: 'ErrorOccurred',
        gives: (stage) => ({
          reason: `Error copying image to the remote destination: Error initializing destination docker-archive:${stage.path('saved.tar')}: docker-archive doesn't support modifying existing images`,
        }),
      },
    ],
  },

  ImageSave: {
    succeeds: (['', 'docker-archive', 'oci-archive', 'docker-dir', 'oci-dir'] as const).map(
      (format): Example => ({
        title: `as ${format || 'nothing in particular'} gives the handle of a file`,
        parameters: (stage) => save(stage.names.docker, format),
        gives: { reply: { id: expect.stringContaining('/varlink_send') } },
        volatile: /varlink_send\w+/g,
        effect: { of: (_stage, { reply }) => existsSync((reply as { id: string }).id), is: true },
      }),
    ),
    fails: [
      {
        title: 'of an image that is not there',
        parameters: save('no-such', ''),
        error: 'ImageNotFound',
        gives: { id: 'no-such' },
      },
      {
        title: 'as what is no form',
        parameters: (stage) => save(stage.names.oci, 'zip'),
        error: 'ErrorOccurred',
        gives: { reason: 'unknown format option "zip"' },
      },
    ],
  },

  LoadImage: {
    succeeds: [
      {
        title: "loads podman's archive, and tells the names",
        parameters: (stage) => ({ inputFile: stage.path('saved.tar'), quiet: false }),
        gives: (stage) => ({ reply: { id: stage.names.docker } }),
      },
      {
        title: 'takes the file away if it is told to',
        parameters: async (stage) => {
          await writeFile(stage.path('once.tar'), await readFile(stage.path('saved.tar')));
          return { inputFile: stage.path('once.tar'), quiet: true, deleteFile: true };
        },
        gives: (stage) => ({ reply: { id: stage.names.docker, logs: [] } }),
        effect: { of: (stage) => existsSync(stage.path('once.tar')), is: false },
      },
    ],
    fails: [
      {
        title: 'of no file',
        parameters: (stage) => ({ inputFile: stage.path('missing.tar'), deleteFile: true }),
        error: 'ErrorOccurred',
        gives: { reason: expect.stringContaining('no such file or directory') },
      },
      {
        title: 'of a file with nothing in it that could be loaded',
        parameters: (stage) => ({ inputFile: stage.path('no-archive'), deleteFile: true }),
        error: 'ErrorOccurred',
        gives: { reason: expect.any(String) },
        effect: { of: (stage) => existsSync(stage.path('no-archive')), is: true },
      },
    ],
  },

  ImportImage: {
    succeeds: [
      {
        title: 'makes an image with a name, completed',
        parameters: (stage) => ({
          source: stage.path('spare.tar'),
          reference: 'imported',
          message: 'from a test',
          changes: ['CMD /bin/x', 'ENV=A=b'],
          delete: false,
        }),
        gives: { image: id },
        effect: {
          of: (stage) => stage.store.podmanJson('image', 'inspect', 'localhost/imported:latest'),
          is: [
            expect.objectContaining({
              Config: expect.objectContaining({ Cmd: ['/bin/sh', '-c', '/bin/x'], Env: ['A=b'] }),
              Comment: 'from a test',
            }),
          ],
        },
      },
    ],
    fails: [
      {
        title: 'of no file',
        parameters: (stage) => ({ source: stage.path('missing.tar') }),
        error: 'ErrorOccurred',
        gives: { reason: expect.stringContaining('no such file or directory') },
      },
      {
        title: 'with a change there is not',
        parameters: (stage) => ({ source: stage.path('spare.tar'), changes: ['RUN x'] }),
        error: 'ErrorOccurred',
        gives: { reason: expect.stringContaining('RUN') },
      },
    ],
  },

  ExportImage: {
    succeeds: [
      {
        title: 'writes an archive with all names that it is told',
        parameters: (stage) => ({
          name: stage.names.oci,
          destination: `docker-archive:${stage.fresh()}:some:1`,
          compress: false,
          tags: ['other:2'],
        }),
        gives: (stage) => ({ image: stage.id('oci') }),
        effect: {
          of: (stage) => namesIn(stage.latest()),
          is: ['docker.io/library/some:1', 'docker.io/library/other:2'],
        },
      },
    ],
    fails: [
      ...unknownImages((name) => ({ name, destination: 'dir:/nowhere' })),
      {
        title: 'to nowhere',
        parameters: (stage) => ({ name: stage.names.oci, destination: '' }),
        error: 'ErrorOccurred',
        gives: { reason: 'destination image name must be specified: invalid argument' },
      },
      {
        title: 'with a further name that cannot be one',
        parameters: (stage) => ({
          name: stage.names.oci,
          destination: `docker-archive:${stage.fresh()}`,
          tags: ['UPPER'],
        }),
        error: 'ErrorOccurred',
        gives: { reason: expect.stringMatching(/^error parsing additional tags: .*must be lowercase$/) },
      },
    ],
  },

  SearchImages: {
    succeeds: [
      {
        title: 'finds what the registry has on offer',
        parameters: (stage) => ({ query: `${stage.registry.host}/ock`, limit: 5, filter: { star_count: 0 } }),
        gives: ({ registry: { host } }) => ({
          results: [
            {
              description: '',
              is_official: false,
              is_automated: false,
              registry: host,
              name: `${host}/test/docker`,
              star_count: 0,
            },
          ],
        }),
      },
    ],
    fails: [
      {
        title: 'for nothing',
        parameters: { query: '' },
        error: 'ErrorOccurred',
        gives: { reason: 'nothing to search for' },
      },
      {
        title: 'for fewer than no results',
        parameters: { query: 'x', limit: -1 },
        error: 'org.varlink.service.InvalidParameter',
        gives: { parameter: 'limit' },
      },
    ],
  },

  BuildImage: {
    succeeds: [
      {
        title: 'tells the steps and the id',
        parameters: (stage) => ({
          build: {
            contextDir: stage.path('context.tar'),
            dockerfiles: ['Dockerfile'],
            output: 'built',
            layers: true,
            nocache: true,
          },
        }),
        gives: { image: { id, logs: [] } },
        modes: ['more'],
        volatile: /[0-9a-f]{64}|(?<=--> )[0-9a-f]{11}/g,
        effect: {
          of: async (stage, { image }) => {
            const names = ['image', 'inspect', 'localhost/built:latest'];
            const [inspected] = await stage.store.podmanJson<{ Id: string; Labels: object }[]>(...names);
            return [inspected?.Labels, inspected?.Id === (image as { id: string }).id];
          },
          is: [expect.objectContaining({ built: 'yes' }), true],
        },
      },
    ],
    fails: [
      {
        title: 'without more',
        parameters: (stage) => ({ build: { contextDir: stage.path('context.tar') } }),
        modes: ['once'],
        error: 'ErrorOccurred',
        gives: { reason: 'endpoint requires a more connection' },
      },
      {
        title: 'of a Dockerfile that is not there',
        parameters: (stage) => ({
          build: { contextDir: stage.path('context.tar'), dockerfiles: ['Missing'] },
        }),
        modes: ['more'],
        error: 'ErrorOccurred',
        gives: { reason: expect.stringContaining('Missing') },
      },
    ],
  },

  SendFile: {
    succeeds: [
      {
        title: 'takes bytes and gives their handle',
        parameters: { type: '', length: 5 },
        modes: ['upgrade'],
        ways: 2,
        raw: { send: 'bytes', expect: (reply) => (reply['file_handle'] as string).length + 1 },
        gives: { bytes: expect.stringMatching(/^\/.*:$/) },
        volatile: /varlink_send\w+/g,
      },
    ],
    fails: [
      {
        title: 'without taking the connection over',
        ways: 2,
        parameters: { type: '', length: 5 },
        error: 'ErrorOccurred',
        gives: { reason: 'client must use upgraded connection to send files' },
      },
    ],
  },

  ReceiveFile: {
    succeeds: [
      {
        title: 'gives the bytes of a file',
        parameters: async (stage) => {
          await writeFile(stage.path('handed-out'), 'the bytes');
          return { path: stage.path('handed-out'), delete: false };
        },
        modes: ['upgrade'],
        ways: 2,
        raw: { send: '', expect: (reply) => reply['len'] as number },
        gives: { bytes: 'the bytes' },
      },
    ],
    fails: [
      {
        title: 'without taking the connection over',
        ways: 2,
        parameters: (stage) => ({ path: stage.path('saved.tar'), delete: true }),
        error: 'ErrorOccurred',
        gives: { reason: 'client must use upgraded connection to send files' },
        effect: { of: (stage) => existsSync(stage.path('saved.tar')), is: true },
      },
      {
        title: 'of no file',
        parameters: (stage) => ({ path: stage.path('missing'), delete: true }),
        modes: ['upgrade'],
        ways: 2,
        error: 'ErrorOccurred',
        gives: { reason: expect.stringContaining('no such file or directory') },
      },
    ],
  },
} as const satisfies Readonly<Record<string, MethodExamples>>;
