// The calls of io.imaged.
import { expect } from '@jest/globals';

import type { MethodExamples } from './example.js';

export const imaged = {
  WatchOperations: {
    succeeds: [{ title: 'tells that nothing runs', modes: ['once'], gives: { operations: [] } }],
    fails: [
      {
        title: 'with a parameter there is not',
        parameters: { every: 1 },
        modes: ['once'],
        error: 'org.varlink.service.InvalidParameter',
        gives: { parameter: 'every' },
      },
    ],
  },

  CopyImage: {
    succeeds: [
      {
        title: 'copies from the store into a directory, and tells the digest',
        parameters: (stage) => ({ source: stage.names.oci, destination: `dir:${stage.fresh()}` }),
        gives: { digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
      },
    ],
    fails: [
      {
        title: 'of an image that is not there',
        parameters: (stage) => ({ source: 'no-such', destination: `dir:${stage.fresh()}` }),
        error: 'OperationFailed',
        gives: { reason: expect.stringContaining('no-such') },
      },
    ],
  },

  ListTags: {
    succeeds: [
      {
        title: 'lists what the registry has, under the name in full',
        parameters: (stage) => ({ name: `docker://${stage.registry.host}/test/docker:x`, limit: 5 }),
        gives: ({ registry: { host } }) => ({ name: `${host}/test/docker`, tags: ['1'] }),
      },
    ],
    fails: [
      {
        title: 'of a repository that is not there',
        parameters: (stage) => ({ name: `${stage.registry.host}/test/none` }),
        error: 'OperationFailed',
        gives: ({ registry: { host } }) => ({
          reason: expect.stringContaining(`fetching tags list of ${host}/test/none: name unknown`),
        }),
      },
      {
        title: 'with a limit below nothing',
        parameters: { name: 'x', limit: -1 },
        error: 'org.varlink.service.InvalidParameter',
        gives: { parameter: 'limit' },
      },
    ],
  },

  Build: {
    succeeds: [
      {
        title: 'builds from a context and tells the id',
        parameters: (stage) => ({
          context: { archive: stage.path('context.tar') },
          settings: { cache: false, sourceDateEpoch: 1_600_000_000, rewriteTimestamp: true },
        }),
        gives: { logs: [], id: expect.stringMatching(/^[0-9a-f]{64}$/) },
        modes: ['more'],
      },
    ],
    fails: [
      {
        title: 'of two contexts in one',
        parameters: (stage) => ({
          context: { archive: stage.path('context.tar'), address: 'http://127.0.0.1/x' },
          settings: {},
        }),
        modes: ['more'],
        error: 'org.varlink.service.InvalidParameter',
        gives: { parameter: 'context' },
      },
    ],
  },

  Upload: {
    succeeds: (['archive', 'context'] as const).map((content) => ({
      title: `takes the frames of a file as ${content}, and says that it has it all`,
      parameters: { content },
      modes: ['upgrade'],
      ways: 2,
      // A tar with nothing in it.
      raw: { send: `d\0\0\x04\0${'\0'.repeat(1024)}e\0\0\0\0`, expect: 'frames' },
      gives: { frames: 'e' },
      volatile: /varlink_send\w+/g,
    })),
    fails: [
      {
        title: 'without taking the connection over',
        parameters: { content: 'archive' },
        ways: 2,
        error: 'org.varlink.service.ExpectedUpgrade',
        gives: {},
      },
    ],
  },

  Download: {
    succeeds: (['docker', 'oci'] as const).map((format) => ({
      title: `gives the frames of an archive of ${format}, and lines of the log among them`,
      parameters: (stage) => ({ name: stage.names[format], format }),
      modes: ['upgrade'],
      ways: 2,
      raw: { send: '', expect: 'frames' },
      gives: { frames: 'del' },
    })),
    fails: [
      {
        title: 'of an image that is not there',
        parameters: { name: 'no-such' },
        modes: ['upgrade'],
        ways: 2,
        error: 'OperationFailed',
        gives: { reason: expect.stringContaining('no-such') },
      },
      {
        title: 'of no name',
        parameters: { name: '' },
        modes: ['upgrade'],
        ways: 2,
        error: 'OperationFailed',
        gives: { reason: 'input name is blank' },
      },
    ],
  },
} as const satisfies Readonly<Record<string, MethodExamples>>;
