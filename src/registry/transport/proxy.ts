// Which proxy a request goes through, by the rules of HTTP_PROXY, HTTPS_PROXY and NO_PROXY as Go has them.
import { BlockList, isIP } from 'node:net';
import type { ProxySettings } from '../../oci/blob.js';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** A proxy that cannot be used: what was to go through it must not go past it. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  readonly code = 'PROXY';
}

/**
 * The proxy for `url`; undefined: none. A proxy without a scheme is an http one; one that is no URL counts as none. Throws
 * {@link ProxyError}.
 */
export function proxyFor(url: URL, settings: ProxySettings | undefined): URL | undefined {
  const text = url.protocol === 'https:' ? settings?.https : settings?.http;
  if (text === undefined || text === '' || isExempt(url, settings?.no ?? '')) return undefined;
  const full = text.includes('://') ? text : `http://${text}`;
  const proxy = URL.canParse(full) ? new URL(full) : undefined;
  if (proxy !== undefined && !usable.has(proxy.protocol)) {
    throw new ProxyError(`proxies of the kind ${proxy.protocol}// are not supported`);
  }
  return proxy;
}

const usable: ReadonlySet<string> = new Set(['http:', 'https:']);

function isExempt(url: URL, list: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const family = isIP(host);
  if (host === 'localhost' || (family !== 0 && loopback.check(host, family === 6 ? 'ipv6' : 'ipv4')))
    return true;
  return list
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== '' && exempts(entry, host, port, family));
}

function exempts(entry: string, host: string, port: string, family: number): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return family !== 0 && inSubnet(entry, host, family);
  const [, name = entry, wantedPort] =
    /^(.*?)(?::([0-9]+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? [];
  if (wantedPort !== undefined && wantedPort !== port) return false;
  const bare = name.replace(/^\[|\]$/g, '').replace(/^\*(?=\.)/, '');
  if (family !== 0) return bare === host;
  return bare.startsWith('.') ? host.endsWith(bare) : host === bare || host.endsWith(`.${bare}`);
}

function inSubnet(entry: string, host: string, family: number): boolean {
  const [address = '', bits = ''] = entry.split('/');
  const type = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(address) === 0 || !/^[0-9]{1,3}$/.test(bits) || Number(bits) > (type === 'ipv6' ? 128 : 32))
    return false;
  const subnet = new BlockList();
  subnet.addSubnet(address, Number(bits), type);
  return subnet.check(host, family === 6 ? 'ipv6' : 'ipv4');
}
