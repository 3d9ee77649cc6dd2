// The sending half of a connection: messages ended by NUL, or raw bytes after an upgrade.
import type { JsonText } from '../reusable-reply.js';
import { SocketWriter } from '../socket-writer.js';

export class Writer extends SocketWriter {
  /** Sends a message given as JSON text. Resolves when the socket can take more. */
  async message(json: string): Promise<void> {
    await this.text(`${json}\0`);
  }

  /**
   * Sends a message with parameters, `head` being its members before them, `tail` those after them, with their
   * commas. Gives a promise as {@link SocketWriter.json} does.
   */
  messageAround(head: string, parameters: JsonText, tail: string): Promise<void> | undefined {
    return this.json(`{${head}"parameters":`, parameters, `${tail}}\0`);
  }
}
