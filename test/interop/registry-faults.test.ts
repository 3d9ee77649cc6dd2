// A real docker-registry behind a proxy that spoils its answers: every pull ends in time, with the image or with one clear
// error, and leaves nothing behind.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { faultOn, startFaultProxy, type FaultProxy, type ProxyFaultHook } from '../peers/fault-proxy.js';
import { buildImage, type SampleImage } from '../peers/sample-image.js';
import { startDockerRegistry, type DockerRegistry } from './support/docker-registry.js';
import { Imaged } from './support/imaged.js';
import { PeerStore } from './support/peer-store.js';
import { pushImage } from './support/push.js';
import { noise } from './support/rich-image.js';
import { imageRecords, untidiness, unusedLayers } from './support/store-content.js';
import { VarlinkReplyError } from './support/varlink.js';

jest.setTimeout(240_000);

/** Seconds that the daemon waits for a sign of life. */
const silence = 1;
const authorization = Buffer.from('nobody:not-to-be-logged').toString('base64');

let registry: DockerRegistry;
let proxies: FaultProxy[] = [];
let store: PeerStore;
let daemon: Imaged;
const images = new Map<string, SampleImage>();

interface FaultCase {
  readonly title: string;
  /** Where it goes wrong. */
  readonly at: 'ping' | 'manifest' | 'config' | 'layer';
  readonly fault: (image: SampleImage) => ProxyFaultHook;
  /** What the pull ends with: the image, or an error that reads like this. */
  readonly ends: 'well' | RegExp;
  /** Seconds it may take on a busy machine; 20 unless told otherwise. */
  readonly within?: number;
}

const places: Readonly<Record<FaultCase['at'], (image: SampleImage) => RegExp>> = {
  ping: () => /^GET \/v2\/(?:\?|$)/,
  manifest: () => /^GET \/v2\/.*\/manifests\//,
  config: ({ config }) => new RegExp(`/blobs/${config.digest}`),
  layer: ({ layers }) => new RegExp(`/blobs/${layers[0]?.digest}`),
};

type Fault = Parameters<typeof faultOn>[1];

function faultCase(
  at: FaultCase['at'],
  title: string,
  fault: Fault | ((image: SampleImage) => Fault),
  ends: FaultCase['ends'],
  { times = Infinity, within = 20 }: { readonly times?: number; readonly within?: number } = {},
): FaultCase {
  const make = (image: SampleImage): ProxyFaultHook =>
    faultOn(places[at](image), typeof fault === 'function' ? fault(image) : fault, times);
  return { title: `${at}: ${title}`, at, fault: make, ends, within };
}

const busy = (status: number, headers: Readonly<Record<string, string>> = {}): Fault => ({
  answer: { status, headers, body: 'spoiled' },
});
const everywhere = ['ping', 'manifest', 'config', 'layer'] as const;
const blank = Buffer.alloc(64 * 1024, ' ');

const cases: readonly FaultCase[] = [
  ...everywhere.flatMap((at) => [
    faultCase(at, 'reset once', { reset: true, cutAt: 0 }, 'well', { times: 1 }),
    faultCase(at, 'reset behind the head once', { reset: true }, 'well', { times: 1 }),
    faultCase(at, 'cut off in the head once', { cutAt: 20 }, 'well', { times: 1 }),
    faultCase(at, '503 once', busy(503), 'well', { times: 1 }),
    faultCase(at, '500 twice', busy(500), 'well', { times: 2 }),
    faultCase(at, '429 with Retry-After once', busy(429, { 'retry-after': '1' }), 'well', { times: 1 }),
    faultCase(at, 'nothing said once', { silentAt: -1 }, 'well', { times: 1 }),
    faultCase(
      at,
      'reset each time',
      { reset: true, cutAt: 0 },
      /(connection reset by peer|EOF|socket hang up)$/,
    ),
    faultCase(at, '503 each time', busy(503), /503/),
    faultCase(at, '429 each time', busy(429, { 'retry-after': '0' }), /429|too many requests/),
    faultCase(
      at,
      'nothing said each time',
      { silentAt: -1 },
      /waiting for the response timed out after 1 s$/,
    ),
    faultCase(
      at,
      'sent round in circles',
      { answer: { status: 307, headers: { location: '?again' } } },
      /stopped after 10 redirects$/,
    ),
    faultCase(
      at,
      'sent to no web address',
      busy(302, { location: 'file:///etc/passwd' }),
      /redirect to unsupported scheme file:$/,
    ),
    faultCase(
      at,
      'a head of 100 KB',
      { answer: { status: 200, headers: { 'x-long': 'x'.repeat(100_000) }, body: '{}' } },
      /the head of the answer is too large$/,
    ),
    faultCase(
      at,
      'a thousand headers',
      {
        answer: {
          status: 200,
          headers: { 'x-many': Array.from({ length: 1500 }, () => 'x'.repeat(20)) },
          body: '{}',
        },
      },
      /the head of the answer is too large$/,
    ),
  ]),
  ...(['manifest', 'config', 'layer'] as const).flatMap((at) => [
    faultCase(at, 'cut off in the body once', { cutBodyAt: 100 }, 'well', { times: 1 }),
    faultCase(at, 'silent in the body once', { silentAt: 100 }, 'well', {
      times: 1,
    }),
    faultCase(at, 'cut off in the body each time', { cutBodyAt: 100 }, /EOF$|aborted$|reset by peer$/),
    faultCase(at, 'silent in the body each time', { silentAt: 100 }, /timed out|came in/, { within: 30 }),
    faultCase(at, 'one bit wrong', { corruptAt: 60 }, /digest/i),
    faultCase(
      at,
      'shorter than it should be',
      { shortenTo: 100 },
      /digest|fewer than|unexpected end of file$/,
    ),
    faultCase(at, '403', busy(403), /403|denied/),
    faultCase(at, '404', busy(404), /404|unknown/),
  ]),
  faultCase(
    'manifest',
    'a page of HTML',
    { answer: { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' } },
    /invalid manifest: invalid JSON$/,
  ),
  faultCase(
    'manifest',
    'without an end',
    { answer: { status: 200, body: () => blank } },
    /exceeded maximum allowed size of 4194304 bytes$/,
  ),
  faultCase(
    'manifest',
    'a byte now and then',
    { drip: { bytes: 1, every: 300 } },
    /no more than \d+ bytes came in/,
  ),
  faultCase(
    'config',
    'without an end',
    { answer: { status: 200, body: () => blank } },
    /more than the \d+ bytes it should have$/,
  ),
  faultCase(
    'config',
    'a byte now and then',
    { drip: { bytes: 1, every: 300 } },
    /no more than \d+ bytes came in/,
    { within: 30 },
  ),
  faultCase('layer', 'without an end', { answer: { status: 200, body: () => blank } }, /layer sha256:/),
  faultCase(
    'layer',
    'a byte now and then',
    { drip: { bytes: 1, every: 300 } },
    /no more than \d+ bytes came in/,
    { within: 40 },
  ),
];

/** Those at once that go wrong at a layer: each of them occupies a worker. */
const atOnce = 8;

beforeAll(async () => {
  registry = await startDockerRegistry();
  for (const [index, each] of cases.entries()) {
    const proxy = await startFaultProxy(registry.host);
    proxies.push(proxy);
    const image = await buildImage({
      layers: [[{ name: 'file', content: noise(2000, `case ${index}`) }]],
      author: `case ${index}`,
    });
    images.set(each.title, image);
    await pushImage(registry.host, `case/${index}`, '1', image);
    proxy.fault = each.fault(image);
  }
  store = await PeerStore.create({ insecure: proxies.map(({ host }) => host) });
  daemon = await Imaged.start(store, {
    args: ['--registry-timeout', String(silence), '--log-level', 'debug'],
  });
});

afterAll(async () => {
  await daemon.close();
  for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
  proxies = [];
  await store.close();
  await registry.close();
});

interface Outcome {
  readonly id?: string;
  readonly reason?: string;
  readonly seconds: number;
}

async function pull(name: string): Promise<Outcome> {
  const start = performance.now();
  const seconds = (): number => (performance.now() - start) / 1000;
  try {
    const creds = { username: 'nobody', password: 'not-to-be-logged' };
    const { reply } = await daemon.call<{ reply: { id: string } }>('PullImage', { name, creds });
    return { id: `sha256:${reply.id}`, seconds: seconds() };
  } catch (error) {
    if (!(error instanceof VarlinkReplyError)) throw error;
    return { reason: error.reason, seconds: seconds() };
  }
}

describe('a pull through a registry that misbehaves', () => {
  const outcomes = new Map<string, Outcome>();

  beforeAll(async () => {
    const waiting = cases.entries();
    const puller = async (): Promise<void> => {
      for (const [index, { title }] of waiting) {
        outcomes.set(title, await pull(`${proxies[index]?.host}/case/${index}:1`));
      }
    };
    await Promise.all(Array.from({ length: atOnce }, puller));
  });

  it.each(cases)('ends as it must when there is $title', ({ title, ends, within = 20 }) => {
    const { id, reason, seconds } = outcomes.get(title) ?? { seconds: Infinity };
    const expected =
      ends === 'well'
        ? new RegExp(`^pulled ${images.get(title)?.config.digest}$`)
        : new RegExp(`^unable to pull [^\\n]*(?:${ends.source})`, ends.flags);
    // No line break follows the one sentence.
    expect(id === undefined ? reason?.replaceAll('\n', '<LF>') : `pulled ${id}`).toMatch(expected);
    expect(seconds).toBeLessThan(within);
  });

  it('leaves nothing in the store but the images that came', async () => {
    const good = cases
      .filter(({ ends }) => ends === 'well')
      .map(({ title }) => String(images.get(title)?.config.digest));
    const stored = (await imageRecords(store.root)).map(({ id }) => `sha256:${id}`);
    expect(stored.toSorted()).toEqual(good.toSorted());
    expect(await untidiness(store.root)).toEqual([]);
    expect(await unusedLayers(store.root)).toEqual([]);
  });

  it('leaves no connection open', async () => {
    const deadline = Date.now() + 30_000;
    const live = (): number => proxies.reduce((sum, proxy) => sum + proxy.live, 0);
    while (live() > 0 && Date.now() < deadline) await sleep(200);
    expect(live()).toBe(0);
  });

  it('leaves no word of who asked', async () => {
    expect(daemon.log.text).not.toContain('not-to-be-logged');
    expect(daemon.log.text).not.toContain(authorization);
    expect(await readFile(join(store.directory, 'auth.json'), 'utf8')).toBe('{}');
    for (const { reason } of outcomes.values()) expect(reason ?? '').not.toContain('not-to-be-logged');
  });
});
