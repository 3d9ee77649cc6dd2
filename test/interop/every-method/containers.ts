// Calls about containers, whoever made them.
import { expect } from '@jest/globals';

import type { Example, MethodExamples } from './example.js';
import type { Stage } from './stage.js';
import type { Parameters } from './way.js';

/** What a name is answered that means no container (io-podman-api §3, Commit). */
function unknownContainers(parametersOf: (name: string) => Parameters): Example[] {
  return [
    {
      title: 'of a container that is not there',
      parameters: parametersOf('no-such'),
      error: 'ContainerNotFound',
      gives: { id: 'no-such', reason: 'no container with name or ID no-such found: no such container' },
    },
    {
      title: 'of a container without a name',
      parameters: parametersOf(''),
      error: 'ContainerNotFound',
      gives: { id: '', reason: 'name or ID cannot be empty' },
    },
  ];
}

const commit = (name: string, more: Parameters = {}): Parameters => ({
  name,
  image_name: '',
  changes: [],
  author: '',
  message: '',
  pause: false,
  manifestType: '',
  ...more,
});

/** The image that a commit has made, as podman sees it. */
async function committed({ store }: Stage): Promise<unknown> {
  const [image] = await store.podmanJson<{ Author: string; Labels: object; ManifestType: string }[]>(
    'image',
    'inspect',
    'localhost/committed:latest',
  );
  return [image?.Author, image?.Labels, image?.ManifestType];
}

const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json';

export const containers = {
  ContainerExists: {
    succeeds: [
      { title: "is 0 for podman's", parameters: { name: 'podmans' }, gives: { exists: 0 } },
      {
        title: "is 0 for buildah's, by the beginning of its id",
        parameters: (stage) => ({ name: stage.containers.get('buildah')?.slice(0, 12) }),
        gives: { exists: 0 },
      },
      { title: 'is 1 for one that is not there', parameters: { name: 'no-such' }, gives: { exists: 1 } },
    ],
    fails: [
      {
        title: 'of no name',
        parameters: { name: '' },
        error: 'ErrorOccurred',
        gives: { reason: 'name or ID cannot be empty' },
      },
    ],
  },

  ContainerStateData: {
    succeeds: [
      {
        title: "tells the state of podman's, which was only made, as the text of a JSON object",
        parameters: { name: 'podmans' },
        gives: { config: expect.stringMatching(/^\{.*"state":1\b/s) },
      },
    ],
    fails: unknownContainers((name) => ({ name })),
  },

  Commit: {
    succeeds: [
      {
        title: "makes an image of podman's",
        parameters: commit('podmans', {
          image_name: 'committed',
          changes: ['LABEL by=commit'],
          author: 'somebody',
          manifestType: 'docker',
        }),
        gives: { reply: { id: expect.stringMatching(/^[0-9a-f]{64}$/) } },
        volatile: /[0-9a-f]{64}/g,
        effect: {
          of: committed,
          is: ['somebody', expect.objectContaining({ by: 'commit' }), dockerManifest],
        },
      },
      {
        title: "makes an image of buildah's",
        parameters: commit('buildahs', { image_name: 'committed' }),
        gives: { reply: { id: expect.stringMatching(/^[0-9a-f]{64}$/) } },
        volatile: /[0-9a-f]{64}/g,
      },
    ],
    fails: [
      ...unknownContainers((name) => commit(name)),
      {
        title: 'in a form there is not',
        parameters: commit('buildahs', { manifestType: 'v2s1' }),
        error: 'ErrorOccurred',
        gives: { reason: 'unrecognized image format "v2s1"' },
      },
      {
        title: 'under what cannot be a name',
        parameters: commit('buildahs', { image_name: 'UPPER' }),
        error: 'ErrorOccurred',
        gives: { reason: 'repository name must be lowercase' },
      },
    ],
  },
} as const satisfies Readonly<Record<string, MethodExamples>>;
