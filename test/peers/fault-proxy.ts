// A proxy in front of a real registry that spoils what passes: cuts, resets, silence, trickles, wrong answers.
import { createServer as createHttpServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What goes wrong with one request. Everything absent goes right; several can be combined. */
export interface ProxyFault {
  /** This is answered, and the registry is not asked. A function writes an endless body, piece by piece. */
  readonly answer?: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string | readonly string[]>>;
    readonly body?: string | Buffer | (() => Buffer);
  };
  /** Headers of the registry's answer that are replaced, or with undefined taken away. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** The connection ends after so many bytes of the answer, its head included. */
  readonly cutAt?: number;
  /** The connection ends after so many bytes of the answer's body. */
  readonly cutBodyAt?: number;
  /** It ends with a reset, as when a machine has forgotten it. */
  readonly reset?: boolean;
  /** Nothing more comes after so many bytes of the answer's body, though the connection stays; -1: not even the head. */
  readonly silentAt?: number;
  /** The answer's body comes in pieces of so many bytes, this many milliseconds apart. */
  readonly drip?: { readonly bytes: number; readonly every: number };
  /** One bit of the body's byte at this offset is the wrong way round. */
  readonly corruptAt?: number;
  /** The body has only so many bytes, and its Content-Length says so. */
  readonly shortenTo?: number;
  /** The connection ends when so many bytes of the request's body have passed. */
  readonly cutRequestAt?: number;
  /** No more than so many bytes of the request's body are taken, though the connection stays. */
  readonly stallRequestAt?: number;
}

/** One line of the request log. */
export interface ProxiedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

/** Asked for every request; what it returns goes wrong. */
export type ProxyFaultHook = (request: ProxiedRequest) => ProxyFault | undefined;

export interface FaultProxyOptions {
  /** PEM texts; it then speaks https, while the registry behind it speaks plain http. */
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly fault?: ProxyFaultHook;
}

export interface FaultProxy extends AsyncDisposable {
  /** `127.0.0.1:PORT`, as it stands in front of an image's name. */
  readonly host: string;
  readonly url: string;
  /** May be replaced at any time. */
  fault: ProxyFaultHook | undefined;
  /** Connections are taken, and nothing is said on them, not even a TLS handshake. */
  deaf: boolean;
  /** Every request so far, oldest first. */
  readonly requests: readonly ProxiedRequest[];
  /** Connections of clients that are open now. */
  readonly live: number;
  /** Connections of clients so far. */
  readonly taken: number;
}

/** Requests that match `pattern`, as `METHOD /path`, get `fault`, the first `times` of them. */
export function faultOn(pattern: RegExp, fault: ProxyFault, times = Infinity): ProxyFaultHook {
  let left = times;
  return ({ method, url }) => (pattern.test(`${method} ${url}`) && left-- > 0 ? fault : undefined);
}

/** Listens on a loopback port in front of `target`, `host:port`. */
export async function startFaultProxy(target: string, options: FaultProxyOptions = {}): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  const requests: ProxiedRequest[] = [];
  const closing = new AbortController();
  let taken = 0;

  const listener: RequestListener = (request, response) => {
    const { method = 'GET', url = '/', headers } = request;
    const record = { method, url, headers };
    requests.push(record);
    const fault = proxy.fault?.(record) ?? {};
    const { socket } = request;
    // Whatever ends an exchange early has ended its connection too.
    forward(target, request, response, fault, closing.signal).catch(() => socket.destroy());
  };
  const web =
    options.tls === undefined ? createHttpServer(listener) : createHttpsServer(options.tls, listener);
  web.on('clientError', (_, socket) => socket.destroy());
  const front = createServer((socket) => {
    taken += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    if (proxy.deaf) socket.resume();
    else web.emit('connection', socket);
  });
  await new Promise<void>((resolve, reject) => {
    front.once('error', reject);
    front.listen(0, '127.0.0.1', resolve);
  });
  const host = `127.0.0.1:${(front.address() as AddressInfo).port}`;
  const proxy: FaultProxy = {
    host,
    url: `${options.tls === undefined ? 'http' : 'https'}://${host}`,
    fault: options.fault,
    deaf: false,
    requests,
    get live() {
      return sockets.size;
    },
    get taken() {
      return taken;
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        front.close(resolve);
      });
    },
  };
  return proxy;
}

async function forward(
  target: string,
  request: IncomingMessage,
  response: ServerResponse,
  fault: ProxyFault,
  signal: AbortSignal,
): Promise<void> {
  if (fault.silentAt === -1) return;
  // A request that was not read to its end loses it.
  const { socket } = request;
  if (fault.answer !== undefined) {
    request.resume();
    const { status, headers = {}, body = '' } = fault.answer;
    const pieces = typeof body === 'function' ? endless(body) : [Buffer.from(body)];
    const length = typeof body === 'function' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    await deliver(socket, response, { status, headers: { ...length, ...headers }, pieces }, fault, signal);
    return;
  }
  const [hostname, port] = target.split(':');
  const { method, url: path, headers } = request;
  const upstream = httpRequest({ hostname, port, method, path, headers, agent: false });
  // Nobody must be left waiting behind a client that was cut off.
  response.on('close', () => upstream.destroy());
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    upstream.once('response', resolve).once('error', reject);
  });
  const passed = passBody(request, upstream, fault);
  // The answer may come before the whole request has passed.
  passed.catch(() => socket.destroy());
  const answer = await answered;
  const changed = Object.entries({ ...answer.headers, ...fault.headers }).filter(
    (entry): entry is [string, string | string[]] => entry[1] !== undefined,
  );
  const all = { ...Object.fromEntries(changed), ...shortened(fault) };
  await deliver(
    socket,
    response,
    { status: answer.statusCode ?? 502, headers: all, pieces: answer },
    fault,
    signal,
  );
}

async function passBody(
  request: IncomingMessage,
  upstream: ReturnType<typeof httpRequest>,
  { cutRequestAt = Infinity, stallRequestAt = Infinity, reset }: ProxyFault,
): Promise<void> {
  let passed = 0;
  const { socket } = request;
  const end = Math.min(cutRequestAt, stallRequestAt);
  for await (const chunk of request as AsyncIterable<Buffer>) {
    const room = chunk.subarray(0, Math.max(end - passed, 0));
    passed += room.length;
    if (!upstream.write(room)) await new Promise((resolve) => upstream.once('drain', resolve));
    if (passed >= cutRequestAt) return endConnection(socket, reset);
    if (passed >= stallRequestAt) {
      request.pause();
      await new Promise((resolve) => request.once('close', resolve));
      return;
    }
  }
  upstream.end();
}

interface Delivery {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly pieces: AsyncIterable<Buffer> | Iterable<Buffer>;
}

/** A good answer leaves the connection open; one that is cut or held is written past the server, byte by byte. */
async function deliver(
  socket: Socket,
  response: ServerResponse,
  { status, headers, pieces }: Delivery,
  fault: ProxyFault,
  signal: AbortSignal,
): Promise<void> {
  const { cutAt, cutBodyAt, silentAt, reset } = fault;
  const body = spoiled(pieces, fault, signal);
  if (cutAt === undefined && cutBodyAt === undefined && silentAt === undefined && reset !== true) {
    response.writeHead(status, headers as Record<string, string>);
    response.flushHeaders();
    for await (const piece of body) await written(response, piece);
    response.end();
    return;
  }
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((text) => `${name}: ${text}\r\n`),
  );
  const chunked = headers['transfer-encoding'] !== undefined;
  const head = Buffer.from(`HTTP/1.1 ${status} Spoiled\r\n${lines.join('')}\r\n`);
  const end = Math.min(
    cutAt ?? Infinity,
    head.length + (cutBodyAt ?? (reset === true && cutAt === undefined ? 0 : Infinity)),
    head.length + (silentAt ?? Infinity),
  );
  let sent = 0;
  for await (const piece of framed(head, body, chunked)) {
    const room = piece.subarray(0, Math.max(end - sent, 0));
    sent += room.length;
    await written(socket, room);
    if (sent >= end) break;
  }
  if (silentAt === undefined || sent < end) endConnection(socket, reset);
}

async function* framed(head: Buffer, body: AsyncIterable<Buffer>, chunked: boolean): AsyncGenerator<Buffer> {
  yield head;
  for await (const piece of body) {
    if (chunked) yield Buffer.from(`${piece.length.toString(16)}\r\n`);
    yield piece;
    if (chunked) yield Buffer.from('\r\n');
  }
  if (chunked) yield Buffer.from('0\r\n\r\n');
}

async function* spoiled(
  pieces: Delivery['pieces'],
  { drip, corruptAt = -1, shortenTo = Infinity }: ProxyFault,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let offset = 0;
  for await (const whole of pieces) {
    const step = drip?.bytes ?? whole.length;
    for (let at = 0; at < whole.length; at += step) {
      const piece = Buffer.from(whole.subarray(at, Math.min(at + step, at + shortenTo - offset)));
      if (corruptAt >= offset && corruptAt < offset + piece.length) {
        piece.writeUInt8(piece.readUInt8(corruptAt - offset) ^ 1, corruptAt - offset);
      }
      offset += piece.length;
      yield piece;
      if (offset >= shortenTo) return;
      if (drip !== undefined) await sleep(drip.every, undefined, { signal });
    }
  }
}

function* endless(make: () => Buffer): Generator<Buffer> {
  for (;;) yield make();
}

function shortened({ shortenTo }: ProxyFault): Record<string, string> {
  return shortenTo === undefined ? {} : { 'content-length': String(shortenTo) };
}

function endConnection(socket: Socket, reset = false): void {
  if (reset) socket.resetAndDestroy();
  else socket.destroy();
}

async function written(stream: ServerResponse | Socket, piece: Buffer): Promise<void> {
  if (piece.length === 0) return;
  await new Promise<void>((resolve, reject) => {
    stream.write(piece, (error) => (error ? reject(error) : resolve()));
  });
}
