// Names with a transport in front: `docker://debian`, `oci-archive:/tmp/x.tar`.

/** Where an image can be read from or written to. */
export type Transport = (typeof transports)[number];

const transports = [
  'containers-storage',
  'dir',
  'docker',
  'docker-archive',
  'docker-daemon',
  'oci',
  'oci-archive',
  'tarball',
] as const;

/** `transport:rest`. */
export interface TransportName {
  readonly transport: Transport;
  readonly rest: string;
}

/** A text without a known transport in front; it may still be a plain name. */
export class TransportNameError extends Error {
  override readonly name = 'TransportNameError';
  readonly code = 'INVALID_TRANSPORT_NAME';
}

/** Undefined for a plain name, as `foo:bar` and `docker:dind` are. */
export function transportNameIn(text: string): TransportName | undefined {
  try {
    const named = parseTransportName(text);
    return named.transport === 'docker' && !named.rest.startsWith('//') ? undefined : named;
  } catch (error) {
    if (error instanceof TransportNameError) return undefined;
    throw error;
  }
}

/** Splits at the first colon. Throws {@link TransportNameError}. */
export function parseTransportName(text: string): TransportName {
  const colon = text.indexOf(':');
  if (colon < 0) {
    throw new TransportNameError(
      `Invalid image name "${text}", expected colon-separated transport:reference`,
    );
  }
  const name = text.slice(0, colon);
  const transport = transports.find((known) => known === name);
  if (transport === undefined) {
    throw new TransportNameError(`Invalid image name "${text}", unknown transport "${name}"`);
  }
  return { transport, rest: text.slice(colon + 1) };
}
