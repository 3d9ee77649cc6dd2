// CopyImage as a test calls it.
import type { Imaged } from './imaged.js';

/** The digest of what the destination has then. */
export async function copyImage(
  daemon: Imaged,
  source: string,
  destination: string,
  options: object = {},
): Promise<string> {
  const connection = await daemon.connect();
  try {
    const reply = await connection.call('io.imaged.CopyImage', { source, destination, options });
    return reply['digest'] as string;
  } finally {
    connection.close();
  }
}
