// How a method hands its connection over to raw bytes, together with what it has opened for them.
import { ErrorOccurred } from '../generated/io-podman.js';
import type { CallContext, UseConnection } from '../rpc/index.js';

/** Callers of 2020 know the text. */
export function requireUpgrade(call: CallContext): void {
  if (call.upgrade === undefined)
    throw new ErrorOccurred('client must use upgraded connection to send files');
}

/** Has `use` take over after the reply; `opened` is disposed of afterwards, and also if nobody is there to take the reply. */
export function handOver(call: CallContext, opened: AsyncDisposable, use: UseConnection): void {
  const dispose = (): void => void opened[Symbol.asyncDispose]();
  call.connection.onEnd(dispose);
  call.upgrade?.(async (raw) => {
    try {
      await use(raw);
    } finally {
      call.connection.forget(dispose);
      await opened[Symbol.asyncDispose]();
    }
  });
}
