// Calls that change what images are called and whether they are there.
import { expect } from '@jest/globals';

import { imageRecords } from '../support/store-content.js';
import type { Example, MethodExamples } from './example.js';
import type { Stage } from './stage.js';
import { brokenStore, unknownImages } from './common-failures.js';
import type { Parameters } from './way.js';

/** The names that the image of a reply has on the disk; undefined if it is not there. */
async function namesOf(stage: Stage, reply: Parameters): Promise<readonly string[] | undefined> {
  const record = (await imageRecords(stage.store.root)).find(({ id }) => id === reply['image']);
  return record === undefined ? undefined : (record.names ?? []);
}

const refusedRemovals: Example[] = [
  {
    title: 'of an image that containers use',
    parameters: (stage) => ({ name: stage.names.used, force: false }),
    error: 'ErrorOccurred',
    gives: {
      reason: expect.stringMatching(
        /^could not remove image [0-9a-f]{64} as it is being used by 2 containers$/,
      ),
    },
  },
  {
    title: 'by the id of an image with two names',
    parameters: async (stage) => ({ name: await stage.spare('spare:1', 'spare:2'), force: false }),
    error: 'ErrorOccurred',
    gives: {
      reason: expect.stringMatching(
        /^unable to delete [0-9a-f]{64} \(must force\) - image is referred to in multiple tags$/,
      ),
    },
  },
  {
    title: 'by its id of an image that another one is made of',
    parameters: async (stage) => {
      const { image } = await stage.daemon.call<{ image: { id: string } }>('GetImage', {
        id: stage.names.base,
      });
      return { name: image.id, force: true };
    },
    error: 'ErrorOccurred',
    gives: {
      reason: expect.stringMatching(
        /^unable to delete "[0-9a-f]{64}" \(cannot be forced\) - image has dependent child images$/,
      ),
    },
  },
];

export const changing = {
  TagImage: {
    succeeds: [
      {
        title: 'gives a name, completed',
        parameters: async (stage) => ({ name: await stage.spare(), tagged: 'spare' }),
        gives: async (stage) => ({ image: await stage.spare() }),
        effect: { of: namesOf, is: expect.arrayContaining(['localhost/spare:latest']) },
      },
    ],
    fails: [
      ...unknownImages((name) => ({ name, tagged: 'spare' })),
      {
        title: 'with what cannot be a name',
        parameters: (stage) => ({ name: stage.names.oci, tagged: 'UPPER' }),
        error: 'ErrorOccurred',
        gives: { reason: 'repository name must be lowercase' },
      },
    ],
  },

  UntagImage: {
    succeeds: [
      {
        title: 'takes a name, completed',
        parameters: async (stage) => ({ name: await stage.spare('spare:gone'), tag: 'spare:gone' }),
        gives: async (stage) => ({ image: await stage.spare() }),
        effect: {
          of: async (stage, reply) => (await namesOf(stage, reply))?.includes('localhost/spare:gone'),
          is: false,
        },
      },
    ],
    fails: [
      ...unknownImages((name) => ({ name, tag: 'spare' })),
      {
        title: 'with a name that the image does not have',
        parameters: (stage) => ({ name: stage.names.base, tag: 'other:1' }),
        error: 'ErrorOccurred',
        gives: { reason: expect.stringMatching(/^image [0-9a-f]{64} has no name localhost\/other:1$/) },
      },
    ],
  },

  RemoveImage: {
    succeeds: [
      {
        title: 'takes one of several names, and tells the id',
        parameters: async (stage) => {
          await stage.without(await stage.spare());
          await stage.spare('spare:1', 'spare:2');
          return { name: 'spare:1', force: true };
        },
        gives: async (stage) => ({ image: await stage.spare() }),
        effect: { of: namesOf, is: ['localhost/spare:2'] },
      },
      {
        title: 'removes the image of an id with force',
        parameters: async (stage) => ({ name: await stage.spare('spare:1', 'spare:2'), force: true }),
        gives: { image: expect.stringMatching(/^[0-9a-f]{64}$/) },
        effect: { of: namesOf, is: undefined },
      },
    ],
    fails: [...unknownImages((name) => ({ name, force: false })), ...refusedRemovals],
  },

  RemoveImageWithResponse: {
    succeeds: [
      {
        title: 'takes one of several names, and tells which',
        parameters: async (stage) => {
          await stage.spare('spare:1', 'spare:2');
          return { name: 'spare:1', force: false };
        },
        gives: { response: { untagged: ['localhost/spare:1'], deleted: '' } },
      },
      {
        title: 'removes the image and all its names, and tells them',
        parameters: async (stage) => {
          await stage.without(await stage.spare());
          return { name: await stage.spare('spare:1', 'spare:2'), force: true };
        },
        gives: {
          response: {
            untagged: ['localhost/spare:1', 'localhost/spare:2'],
            deleted: expect.stringMatching(/^[0-9a-f]{64}$/),
          },
        },
        effect: {
          of: (stage, { response }) => namesOf(stage, { image: (response as { deleted: string }).deleted }),
          is: undefined,
        },
      },
    ],
    fails: [...unknownImages((name) => ({ name, force: true })), ...refusedRemovals],
  },

  DeleteUnusedImages: {
    succeeds: [
      {
        title: 'removes images with names and without',
        stage: 'bare',
        parameters: async (stage) => {
          await stage.spare('spare:1', 'spare:2');
          return {};
        },
        gives: { images: [expect.stringMatching(/^[0-9a-f]{64}$/)] },
        effect: { of: async (stage) => await imageRecords(stage.store.root), is: [] },
      },
      { title: 'removes nothing where nothing is', stage: 'bare', gives: { images: [] } },
    ],
    fails: [brokenStore],
  },

  ImagesPrune: {
    succeeds: [
      {
        title: 'removes an image that matches, and tells its first name',
        stage: 'bare',
        parameters: async (stage) => {
          await stage.spare('spare:1', 'spare:2');
          return { all: true, filter: ['label=spare=yes', 'until=2100-01-01'] };
        },
        gives: { pruned: ['localhost/spare:1'] },
        effect: { of: async (stage) => await imageRecords(stage.store.root), is: [] },
      },
      {
        title: 'keeps what has a name',
        parameters: async (stage) => {
          await stage.spare('spare:1');
          return { all: false, filter: ['label=spare'] };
        },
        gives: { pruned: [] },
      },
    ],
    fails: [
      brokenStore,
      {
        title: 'with a filter that is none',
        parameters: { all: false, filter: ['label=spare', 'dangling'] },
        error: 'ErrorOccurred',
        gives: { reason: 'filter input must be in the form of filter=value: dangling is invalid' },
      },
      {
        title: 'with a filter that is not known',
        parameters: { all: true, filter: ['dangling=true'] },
        error: 'ErrorOccurred',
        gives: { reason: 'invalid filter dangling=true: images are pruned by label and until only' },
      },
      {
        title: 'with a time that is none',
        parameters: { all: true, filter: ['until=soon'] },
        error: 'ErrorOccurred',
        gives: { reason: 'invalid filter: failed to parse value as time or duration: "soon"' },
      },
    ],
  },
} as const satisfies Readonly<Record<string, MethodExamples>>;
