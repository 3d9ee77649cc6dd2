// Tars made field by field, wrong ones included: what no tar program would write.

/** One entry; everything has a harmless default, and belongs to whoever runs the test. */
export interface Made {
  readonly name: string;
  readonly type?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  readonly content?: string | Buffer;
  /** What the size field says, if not the content's length; 12 raw bytes, or a number. */
  readonly size?: number | Buffer;
  readonly link?: string;
  readonly major?: number;
  readonly minor?: number;
  /** Records of a pax header before the entry. */
  readonly pax?: Readonly<Record<string, string | Buffer>>;
  /** Changes the finished header block, before its checksum is made. */
  readonly patch?: (block: Buffer) => void;
}

/** The user who runs the test: files are made without privileges. */
export const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

/** Whether owners, devices and trusted attributes can be set. */
export const isRoot = me.uid === 0;

function octal(value: number, length: number): string {
  return `${value.toString(8).padStart(length - 1, '0')}\0`;
}

export function padded(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

/** Puts the sum of a header block into it. */
export function seal(block: Buffer): Buffer {
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** One header block. Names are latin1. */
export function header(made: Made): Buffer {
  const block = Buffer.alloc(512);
  const size = made.size ?? Buffer.from(made.content ?? '').length;
  block.write(made.name, 0, 100, 'latin1');
  block.write(octal(made.mode ?? 0o644, 8), 100, 'latin1');
  block.write(octal(made.uid ?? me.uid, 8), 108, 'latin1');
  block.write(octal(made.gid ?? me.gid, 8), 116, 'latin1');
  if (typeof size === 'number') block.write(octal(size, 12), 124, 'latin1');
  else size.copy(block, 124);
  block.write(octal(made.mtime ?? 1_600_000_000, 12), 136, 'latin1');
  block.write(made.type ?? '0', 156, 'latin1');
  block.write(made.link ?? '', 157, 100, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  block.write(octal(made.major ?? 0, 8), 329, 'latin1');
  block.write(octal(made.minor ?? 0, 8), 337, 'latin1');
  made.patch?.(block);
  return seal(block);
}

/** A pax record with its own length in front. */
export function paxRecord(key: string, value: string | Buffer): Buffer {
  const body = Buffer.concat([
    Buffer.from(` ${key}=`, 'latin1'),
    Buffer.from(value as string),
    Buffer.from('\n'),
  ]);
  let length = body.length + 1;
  while (String(length).length + body.length !== length) length = String(length).length + body.length;
  return Buffer.concat([Buffer.from(String(length)), body]);
}

/** An entry of its own that describes the next one. */
export function extension(type: 'x' | 'g' | 'L' | 'K', data: Buffer): Buffer {
  return Buffer.concat([header({ name: 'extension', type, content: data }), padded(data)]);
}

/** One entry with its headers and padding. */
export function entryOf(made: Made): Buffer {
  const records = Object.entries(made.pax ?? {}).map(([key, value]) => paxRecord(key, value));
  const before = records.length > 0 ? extension('x', Buffer.concat(records)) : Buffer.alloc(0);
  return Buffer.concat([before, header(made), padded(Buffer.from(made.content ?? ''))]);
}

/** A whole tar. */
export function tarOf(...entries: readonly Made[]): Buffer {
  return Buffer.concat([...entries.map(entryOf), Buffer.alloc(1024)]);
}
