// How a method hands its connection over to raw bytes, together with what it has opened for them.
import { ErrorOccurred } from '../generated/io-podman.js';
import {
  ConnectionClosedError,
  type CallContext,
  type RawConnection,
  type UseConnection,
} from '../rpc/index.js';

/** How long a caller may neither send nor take a byte; milliseconds. */
const patience = 10 * 60_000;

/** Callers of 2020 know the text. */
export function requireUpgrade(call: CallContext): void {
  if (call.upgrade === undefined)
    throw new ErrorOccurred('client must use upgraded connection to send files');
}

/**
 * Has `use` take over after the reply. What was opened for it is disposed of afterwards, and also if nobody is there to take
 * the reply, or the caller does nothing for too long.
 */
export function handOver(call: CallContext, opened: AsyncDisposable, use: UseConnection): void {
  const dispose = (): void => void opened[Symbol.asyncDispose]();
  call.connection.onEnd(dispose);
  call.upgrade?.(async (raw) => {
    try {
      await use(impatient(raw));
    } finally {
      call.connection.forget(dispose);
      await opened[Symbol.asyncDispose]();
    }
  });
}

function impatient(raw: RawConnection): RawConnection {
  return {
    read: (limit) => readInTime(raw.read(limit)),
    write: (bytes) => inTime(raw.write(bytes)),
    end: () => raw.end(),
  };
}

async function* readInTime(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  const steps = source[Symbol.asyncIterator]();
  for (;;) {
    const step = await inTime(steps.next());
    if (step.done === true) return;
    yield step.value;
  }
}

async function inTime<Value>(step: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new ConnectionClosedError('the caller does not go on with its file')),
      patience,
    );
  });
  try {
    return await Promise.race([step, late]);
  } finally {
    clearTimeout(timer);
  }
}
