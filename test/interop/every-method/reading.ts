// Calls that change nothing: the service, images as they are, what happened.
import { expect } from '@jest/globals';

import { brokenStore, unknownImages } from './common-failures.js';
import type { MethodExamples } from './example.js';

const filterFailures: readonly (readonly [filter: string, reason: string])[] = [
  ['no-filter', 'unable to get list of images "invalid filter syntax no-filter"'],
  ['color=red', 'unable to get list of images "invalid filter color "'],
  [
    'dangling=maybe',
    String.raw`unable to get list of images "invalid filter dangling=maybe: strconv.ParseBool: parsing \"maybe\": invalid syntax"`,
  ],
  [
    'since=no-such',
    'unable to get list of images "unable to find image no-such in local stores: unable to find a name and tag match for no-such in repotags: no such image"',
  ],
];

/** Labels are found in capitals, too. */
const runlabel = { image: 'no-such', label: 'RUN' };

export const reading = {
  GetVersion: {
    succeeds: [
      {
        title: 'tells the version of the remote API that callers of 2020 look for',
        gives: {
          remote_api_version: 1,
          os_arch: expect.stringMatching(/^linux\//),
          built: expect.any(String),
        },
      },
    ],
    fails: 'it takes nothing and reads nothing',
  },

  GetInfo: {
    succeeds: [
      {
        title: 'tells of the host and the store',
        gives: (stage) => ({
          info: {
            host: { os: 'linux' },
            registries: { search: [], insecure: [stage.registry.host], blocked: [] },
            store: {
              graph_driver_name: 'overlay',
              graph_root: stage.store.root,
              run_root: stage.store.runroot,
              containers: stage.containers.size,
            },
          },
        }),
        volatile: /(?<="(?:mem|swap)_free":)\d+|(?<="uptime":")[^"]*/g,
      },
    ],
    fails: [
      {
        title: 'of registries that are not configured as they must be',
        stage: 'misconfigured',
        error: 'ErrorOccurred',
        gives: { reason: expect.stringContaining('registries.conf') },
      },
    ],
  },

  ListImages: {
    succeeds: [
      {
        title: 'lists images of every kind',
        gives: (stage) => ({
          images: expect.arrayContaining([
            expect.objectContaining({
              id: stage.id('oci'),
              digest: stage.image('oci').digest,
              repoTags: [stage.names.oci],
              labels: { kind: 'oci', run: 'podman run --name NAME IMAGE' },
              containers: 0,
              isParent: false,
            }),
            expect.objectContaining({ id: stage.id('bare'), topLayer: '' }),
            expect.objectContaining({ repoTags: [stage.names.base], isParent: true }),
            expect.objectContaining({ repoTags: [stage.names.used], containers: 2 }),
            expect.objectContaining({ repoTags: [] }),
          ]),
        }),
      },
      { title: 'lists nothing where nothing is', stage: 'bare', gives: { images: [] } },
    ],
    fails: [brokenStore],
  },

  ListImagesWithFilters: {
    succeeds: [
      {
        title: 'lists what passes all filters',
        parameters: { filters: ['label=kind', 'label=kind=docker', 'dangling=false'] },
        gives: (stage) => ({ images: [expect.objectContaining({ id: stage.id('docker') })] }),
      },
      {
        title: 'lists what is like a pattern',
        parameters: { filters: ['reference=*/test/oci'] },
        gives: (stage) => ({ images: [expect.objectContaining({ id: stage.id('oci') })] }),
      },
    ],
    fails: filterFailures.map(([filter, reason]) => ({
      title: `by ${filter}`,
      parameters: { filters: [filter] },
      error: 'ErrorOccurred',
      gives: { reason },
    })),
  },

  GetImage: {
    succeeds: [
      {
        title: 'finds an image by its name',
        parameters: (stage) => ({ id: stage.names.oci }),
        gives: (stage) => ({ image: { id: stage.id('oci'), digest: stage.image('oci').digest } }),
      },
      {
        title: 'finds an image by the beginning of its id',
        parameters: (stage) => ({ id: stage.id('docker').slice(0, 12) }),
        gives: (stage) => ({ image: { id: stage.id('docker'), repoTags: [stage.names.docker] } }),
      },
    ],
    fails: unknownImages((id) => ({ id })),
  },

  ImageExists: {
    succeeds: [
      {
        title: 'is 0 for an image that is there',
        parameters: (stage) => ({ name: stage.names.base }),
        gives: { exists: 0 },
      },
      { title: 'is 1 for one that is not', parameters: { name: 'no-such' }, gives: { exists: 1 } },
    ],
    fails: [
      {
        title: 'of no name',
        parameters: { name: '' },
        error: 'ErrorOccurred',
        gives: { reason: 'input name is blank' },
      },
      {
        title: 'of what cannot be a name',
        parameters: { name: 'quay.io/UPPER' },
        error: 'ErrorOccurred',
        gives: { reason: 'repository name must be lowercase' },
      },
    ],
  },

  InspectImage: {
    succeeds: [
      {
        title: 'tells everything, as the text of a JSON object',
        parameters: (stage) => ({ name: stage.names.oci }),
        gives: (stage) => ({ image: expect.stringContaining(`"Id":"${stage.id('oci')}"`) }),
      },
    ],
    fails: unknownImages((name) => ({ name })),
  },

  HistoryImage: {
    succeeds: [
      {
        title: 'tells the steps, the newest first',
        parameters: (stage) => ({ name: stage.names.oci }),
        gives: (stage) => ({
          history: [
            { id: stage.id('oci'), createdBy: 'sample layer 2', tags: [stage.names.oci] },
            { id: '<missing>', createdBy: 'sample layer 1', tags: [] },
          ],
        }),
      },
    ],
    fails: unknownImages((name) => ({ name })),
  },

  ImageTree: {
    succeeds: [
      {
        title: 'draws the layers of an image, the base first',
        parameters: (stage) => ({ name: stage.names.oci, whatRequires: false }),
        gives: (stage) => ({
          tree: expect.stringMatching(
            new RegExp(
              `^Image ID: ${stage.id('oci').slice(0, 12)}\nTags:     \\[${stage.names.oci}\\]\nSize:     .*B\nImage Layers\n├──  ID: \\w{12} Size: .*B\n└──  ID: \\w{12} Size: .*B Top Layer of: \\[${stage.names.oci}\\]\n$`,
            ),
          ),
        }),
      },
      {
        title: 'draws what needs an image',
        parameters: (stage) => ({ name: stage.names.base, whatRequires: true }),
        gives: { tree: expect.stringContaining('localhost/child:1') },
      },
      {
        title: 'says of an image without layers that it has none',
        parameters: (stage) => ({ name: stage.names.bare, whatRequires: false }),
        gives: { tree: expect.stringContaining('No Image Layers') },
      },
    ],
    fails: unknownImages((name) => ({ name, whatRequires: true })),
  },

  GetLayersMapWithImageInfo: {
    succeeds: [
      {
        title: 'gives all layers by their ids, as the text of a JSON object',
        gives: (stage) => {
          const [base] = stage.image('oci').layers.map(({ diffId }) => diffId.replace('sha256:', ''));
          return { layerMap: expect.stringMatching(new RegExp(`"${base}":\\{"ID":"${base}","ParentID":""`)) };
        },
      },
      {
        title: 'gives only what stands for images without layers where nothing is',
        stage: 'bare',
        parameters: async (stage) => {
          await stage.without(await stage.spare());
          return {};
        },
        gives: { layerMap: expect.stringMatching(/^\{"":\{[^{}]*\}\}$/) },
      },
    ],
    fails: [brokenStore],
  },

  BuildImageHierarchyMap: {
    succeeds: [
      {
        title: 'gives the layers of an image, the base first, as the text of a JSON object',
        parameters: (stage) => ({ name: stage.names.oci }),
        gives: (stage) => ({
          imageInfo: expect.stringContaining(
            `{"ID":"${stage.id('oci')}","Tags":["${stage.names.oci}"],"Layers":[{`,
          ),
        }),
      },
    ],
    fails: unknownImages((name) => ({ name })),
  },

  Diff: {
    succeeds: [
      {
        title: 'tells what the uppermost layer of an image changes',
        parameters: (stage) => ({ name: stage.names.oci }),
        gives: {
          diffs: expect.arrayContaining([
            { path: '/etc/new', changeType: 'A' },
            { path: '/etc/old', changeType: 'D' },
          ]),
        },
      },
      {
        title: 'tells all of a base, as added',
        parameters: (stage) => ({ name: stage.names.base }),
        gives: { diffs: [{ path: '/base', changeType: 'A' }] },
      },
      {
        title: "tells what a container's own layer changes",
        parameters: { name: 'buildahs' },
        gives: { diffs: expect.any(Array) },
      },
    ],
    fails: [
      {
        title: 'of what is neither layer nor image nor container',
        parameters: { name: 'no-such' },
        error: 'ImageNotFound',
        gives: { id: 'no-such', reason: 'layer, image, or container no-such does not exist' },
      },
      {
        title: 'of an image without layers',
        parameters: (stage) => ({ name: stage.names.bare }),
        error: 'ErrorOccurred',
        gives: { reason: 'layer not known' },
      },
    ],
  },

  GetEvents: {
    succeeds: [
      {
        title: 'tells the oldest event there is of a kind',
        parameters: (stage) => ({ filter: ['event=pull', `image=${stage.names.oci}`], since: '', until: '' }),
        modes: ['once'],
        gives: (stage) => ({
          events: { id: stage.id('oci'), name: stage.names.oci, status: 'pull', type: 'image' },
        }),
      },
      {
        title: 'tells all events up to a time, and then an empty one',
        parameters: (stage) => ({
          filter: ['event=pull', `image=${stage.names.oci}`],
          since: '1h',
          until: new Date().toISOString(),
        }),
        modes: ['more'],
        gives: { events: { id: '', image: '', name: '', status: '', time: '', type: '' } },
      },
    ],
    fails: [
      {
        title: 'by a filter there is not',
        parameters: { filter: ['color=red'] },
        error: 'ErrorOccurred',
        gives: { reason: expect.stringContaining('color') },
      },
      {
        title: 'since what is no time',
        parameters: { since: 'yesterday' },
        error: 'ErrorOccurred',
        gives: { reason: expect.stringContaining('yesterday') },
      },
    ],
  },

  ContainerRunlabel: {
    succeeds: [
      {
        title: 'shows the command of a label in the log',
        parameters: (stage) => ({ runlabel: { ...runlabel, image: stage.names.oci, display: true } }),
        gives: {},
        effect: {
          of: ({ daemon, names }) =>
            daemon.log.text.includes(`command: podman run --name oci ${names.oci}\n`),
          is: true,
        },
      },
    ],
    fails: [
      {
        title: 'to run a command, and says what it is',
        parameters: (stage) => ({ runlabel: { ...runlabel, image: stage.names.oci } }),
        error: 'ErrorOccurred',
        gives: (stage) => ({
          reason: `command: podman run --name oci ${stage.names.oci}: not run: imaged was started without --allow-runlabel`,
        }),
      },
      {
        title: 'for a label that the image does not have',
        parameters: (stage) => ({ runlabel: { ...runlabel, image: stage.names.docker } }),
        error: 'ErrorOccurred',
        gives: (stage) => ({ reason: `${stage.names.docker} does not contain the label RUN` }),
      },
      {
        title: 'for an image that is not there',
        parameters: { runlabel },
        error: 'ImageNotFound',
        gives: { id: 'no-such', reason: expect.stringMatching(/^unable to find image: /) },
      },
    ],
  },
} as const satisfies Readonly<Record<string, MethodExamples>>;
