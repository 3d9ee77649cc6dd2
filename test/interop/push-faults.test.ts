// A real docker-registry behind a proxy that spoils what passes: every push ends in time, with the image there or with one
// clear error, and leaves nothing behind.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { faultOn, startFaultProxy, type FaultProxy, type ProxyFault } from '../peers/fault-proxy.js';
import { buildImage, type SampleImage } from '../peers/sample-image.js';
import { startDockerRegistry, type DockerRegistry } from './support/docker-registry.js';
import { Imaged } from './support/imaged.js';
import { PeerStore } from './support/peer-store.js';
import { pushImage } from './support/push.js';
import { noise } from './support/rich-image.js';
import { VarlinkReplyError } from './support/varlink.js';

jest.setTimeout(240_000);

/** Seconds that the daemon waits for a sign of life. */
const silence = 1;

type Place = 'ping' | 'look' | 'start' | 'layer' | 'end' | 'manifest';

const places: Readonly<Record<Place, RegExp>> = {
  ping: /^GET \/v2\/(?:\?|$)/,
  look: /^HEAD /,
  start: /^POST /,
  layer: /^PATCH /,
  end: /^PUT .*\/blobs\/uploads\//,
  manifest: /^PUT .*\/manifests\//,
};
const everywhere = Object.keys(places) as readonly Place[];

interface FaultCase {
  readonly title: string;
  readonly at: Place;
  readonly fault: ProxyFault;
  readonly times: number;
  /** What the push ends with: the image, or an error that reads like this. */
  readonly ends: 'well' | RegExp;
  /** The layer is too long for the buffers of a connection. */
  readonly large: boolean;
}

function faultCase(
  at: Place,
  title: string,
  fault: ProxyFault,
  ends: FaultCase['ends'],
  { times = Infinity, large = false }: { readonly times?: number; readonly large?: boolean } = {},
): FaultCase {
  return { title: `${at}: ${title}`, at, fault, times, ends, large };
}

const busy = (status: number, headers: Readonly<Record<string, string>> = {}): ProxyFault => ({
  answer: { status, headers, body: 'spoiled' },
});
const refused = (status: number, code: string): ProxyFault => ({
  answer: { status, body: JSON.stringify({ errors: [{ code, message: 'not here' }] }) },
});
const gone = /(connection reset by peer|EOF|socket hang up|EPIPE)$/;
/** Before a word of the answer. */
const reset: ProxyFault = { reset: true, cutAt: 0 };
const blank = Buffer.alloc(64 * 1024, ' ');
/** Of a layer that is given up after so long the registry will not be asked again. */
const hung: Readonly<Record<Place, RegExp>> = {
  ping: /waiting for the response timed out after 1 s$/,
  look: /waiting for the response timed out after 1 s$/,
  start: /waiting for the response timed out after 1 s$/,
  layer: /Error uploading layer chunked: .*waiting for the response timed out after 5 s$/,
  end: /Error uploading layer to .*waiting for the response timed out after 5 s$/,
  manifest: /waiting for the response timed out after 1 s$/,
};

const cases: readonly FaultCase[] = [
  ...everywhere.flatMap((at) => [
    faultCase(at, 'reset once', reset, 'well', { times: 1 }),
    faultCase(at, 'cut off in the head of the answer once', { cutAt: 20 }, 'well', { times: 1 }),
    faultCase(at, '503 once', busy(503), 'well', { times: 1 }),
    faultCase(at, '500 twice', busy(500), 'well', { times: 2 }),
    faultCase(at, '429 with Retry-After once', busy(429, { 'retry-after': '1' }), 'well', { times: 1 }),
    faultCase(at, 'reset each time', reset, gone),
    faultCase(at, '503 each time', busy(503), /503/),
    faultCase(at, '429 each time', busy(429, { 'retry-after': '0' }), /429|too many requests/),
    faultCase(at, 'nothing said each time', { silentAt: -1 }, hung[at]),
    faultCase(
      at,
      'a head of 100 KB',
      { answer: { status: 200, headers: { 'x-long': 'x'.repeat(100_000) }, body: '{}' } },
      /the head of the answer is too large$/,
    ),
  ]),
  ...(['look', 'start', 'layer', 'end', 'manifest'] as const).flatMap((at) => [
    // Answers to HEAD have no words.
    faultCase(at, 'denied', refused(403, 'DENIED'), at === 'look' ? /403/ : /denied: not here$/),
    faultCase(at, '404', refused(404, 'NAME_UNKNOWN'), at === 'look' ? 'well' : /name unknown: not here$/),
  ]),
  ...(['start', 'layer', 'end', 'manifest'] as const).map((at) =>
    faultCase(at, 'an error without an end', { answer: { status: 403, body: () => blank } }, /403/),
  ),
  ...([1, 100, 70_000, 300_000, 300_500] as const).map((bytes) =>
    faultCase('layer', `cut off after ${bytes} bytes twice`, { cutRequestAt: bytes }, 'well', { times: 2 }),
  ),
  faultCase('layer', 'cut off each time', { cutRequestAt: 5000 }, /^.*Error uploading layer chunked: Patch /),
  faultCase('layer', 'cut off late, twice', { cutRequestAt: 11_000_000 }, 'well', { times: 2, large: true }),
  faultCase('layer', 'not read on once', { stallRequestAt: 5000 }, 'well', { times: 1, large: true }),
  faultCase('layer', 'not read on', { stallRequestAt: 5000 }, /sending the body timed out after 1 s$/, {
    large: true,
  }),
  faultCase('layer', 'refused while it is sent', refused(413, 'DENIED'), /denied: not here$/, {
    large: true,
  }),
  faultCase('layer', 'sent elsewhere', busy(307, { location: '/elsewhere' }), /307/),
  faultCase('start', 'without a Location', { headers: { location: undefined } }, /no usable Location$/),
  faultCase('start', 'with no web address', { headers: { location: 'file:///a' } }, /no usable Location$/),
  faultCase('layer', 'without a Location', { headers: { location: undefined } }, /no usable Location$/),
  faultCase('start', 'sent round in circles', busy(307, { location: '?again' }), /after 10 redirects$/),
  faultCase('end', 'sent round in circles', busy(308, { location: '?again' }), /after 10 redirects$/),
  faultCase('manifest', 'sent round in circles', busy(307, { location: '?again' }), /after 10 redirects$/),
  faultCase(
    'end',
    'another digest in the answer',
    { headers: { 'docker-content-digest': `sha256:${'0'.repeat(64)}` } },
    /the registry has stored sha256:0+, not sha256:\w+$/,
  ),
  faultCase(
    'manifest',
    'another digest in the answer',
    { headers: { 'docker-content-digest': `sha256:${'0'.repeat(64)}` } },
    /the registry has stored sha256:0+, not sha256:\w+$/,
  ),
  faultCase('manifest', 'another type wanted', refused(400, 'MANIFEST_INVALID'), 'well', { times: 1 }),
  faultCase(
    'manifest',
    'no type will do',
    refused(400, 'MANIFEST_INVALID'),
    /Uploading manifest failed, attempted the following formats: .*\(.*manifest invalid: not here\), .*not here\)$/,
  ),
  faultCase('manifest', 'a blob unknown once', refused(400, 'MANIFEST_BLOB_UNKNOWN'), 'well', { times: 1 }),
];

/** Pushes at once. */
const atOnce = 8;
/** Seconds that a push may take on a busy machine. */
const within = 30;

let registry: DockerRegistry;
let proxies: FaultProxy[] = [];
let store: PeerStore;
let daemon: Imaged;
let image: SampleImage;
let largeImage: SampleImage;

beforeAll(async () => {
  registry = await startDockerRegistry();
  for (const { at, fault, times } of cases) {
    const proxy = await startFaultProxy(registry.host);
    proxies.push(proxy);
    proxy.fault = faultOn(places[at], fault, times);
  }
  store = await PeerStore.create({ insecure: [registry.host, ...proxies.map(({ host }) => host)] });
  image = await buildImage({ layers: [[{ name: 'file', content: noise(2_000_000, 'a layer') }]] });
  largeImage = await buildImage({
    layers: [[{ name: 'file', content: noise(12_000_000, 'a large layer') }]],
  });
  for (const [name, each] of Object.entries({ image, large: largeImage })) {
    await store.podmanOutput('pull', '--quiet', await pushImage(registry.host, name, '1', each));
  }
  const flags = ['--registry-timeout', String(silence)];
  daemon = await Imaged.start(store, { args: flags });
});

afterAll(async () => {
  await daemon?.close();
  for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
  proxies = [];
  await store?.close();
  await registry?.close();
});

interface Outcome {
  readonly reason?: string;
  readonly seconds: number;
}

async function push(name: string, tag: string): Promise<Outcome> {
  const start = performance.now();
  const seconds = (): number => (performance.now() - start) / 1000;
  try {
    const options = { format: '', compress: false, removeSignatures: false, signBy: '' };
    await daemon.call('PushImage', { name, tag, ...options });
    return { seconds: seconds() };
  } catch (error) {
    if (!(error instanceof VarlinkReplyError)) throw error;
    return { reason: error.reason, seconds: seconds() };
  }
}

/** The id of the image that is there, as the registry says without the proxy. */
async function imageAt(repository: string): Promise<string> {
  const types = [
    'application/vnd.oci.image.manifest.v1+json',
    'application/vnd.docker.distribution.manifest.v2+json',
  ];
  const answer = await fetch(`http://${registry.host}/v2/${repository}/manifests/1`, {
    headers: { accept: types.join(', ') },
  });
  const manifest = (await answer.json()) as { readonly config?: { readonly digest: string } };
  return manifest.config?.digest ?? 'nothing';
}

/** How many the daemon has, those of its callers included. */
async function connections(): Promise<number> {
  return (await daemon.descriptors()).filter((name) => name.startsWith('socket:')).length;
}

describe('a push into a registry that misbehaves', () => {
  const outcomes = new Map<string, Outcome>();
  let before: number;

  beforeAll(async () => {
    before = await connections();
    const waiting = cases.entries();
    const pusher = async (): Promise<void> => {
      for (const [index, { title, large }] of waiting) {
        const name = `${registry.host}/${large ? 'large' : 'image'}:1`;
        outcomes.set(title, await push(name, `${proxies[index]?.host}/case/${index}:1`));
      }
    };
    await Promise.all(Array.from({ length: atOnce }, pusher));
  });

  it.each(cases)('ends as it must when there is $title', async (each) => {
    const { title, ends, large } = each;
    const { reason, seconds } = outcomes.get(title) ?? { seconds: Infinity };
    const { digest } = (large ? largeImage : image).config;
    const there = await imageAt(`case/${cases.indexOf(each)}`);
    const expected = ends === 'well' ? new RegExp(`^pushed ${digest}$`) : ends;
    // No line break follows the one sentence.
    expect(reason === undefined ? `pushed ${there}` : reason.replaceAll('\n', '<LF>')).toMatch(expected);
    expect(seconds).toBeLessThan(within);
  });

  it('names nothing in the registry that was not pushed', async () => {
    const failed = cases.flatMap(({ ends, title }, index) =>
      // These were told so only after the registry had it.
      ends === 'well' || /^manifest: .*(digest|reset|head of the answer)/.test(title) ? [] : [index],
    );
    const there = await Promise.all(failed.map((index) => imageAt(`case/${index}`)));
    expect(there).toEqual(failed.map(() => 'nothing'));
  });

  it('leaves no connection open', async () => {
    const deadline = Date.now() + 30_000;
    // A proxy that does not read does not notice.
    while ((await connections()) > before && Date.now() < deadline) await sleep(200);
    expect(await connections()).toBeLessThanOrEqual(before);
  });
});
