// CRC-64 of tar-split (ISO 3309, reflected 0xD800000000000000): by a library, or a small WebAssembly module that is put together here.
import { isalCrc64 } from '../sys/isal-crc64.js';

/** A running CRC-64 of one thing after the other. */
export interface Crc64 {
  /** Begins anew. */
  reset(): void;
  /** Takes bytes `start` … `end`. */
  update(bytes: Buffer, start: number, end: number): void;
  /** Writes the sum as 8 big-endian bytes. */
  digest(into: Buffer): void;
}

export function createCrc64(): Crc64 {
  const library = isalCrc64();
  return library === undefined ? new CompiledCrc64() : new LibraryCrc64(library);
}

class LibraryCrc64 implements Crc64 {
  readonly #add: NonNullable<ReturnType<typeof isalCrc64>>;
  #sum: bigint | number = 0;

  constructor(add: NonNullable<ReturnType<typeof isalCrc64>>) {
    this.#add = add;
  }

  reset(): void {
    this.#sum = 0;
  }

  update(bytes: Buffer, start: number, end: number): void {
    this.#sum = this.#add(this.#sum, start === 0 ? bytes : bytes.subarray(start, end), end - start);
  }

  digest(into: Buffer): void {
    into.writeBigUInt64BE(BigInt(this.#sum), 0);
  }
}

/*
 * JavaScript has no 64-bit integers that are fast. The module has one function, update(pointer, length), which takes 16 bytes
 * per turn with one table for each of them ("slicing"), and keeps the remainder in a global. Memory: the tables, then the
 * window that input is copied into.
 */

const POLYNOMIAL = 0xd800000000000000n;
const SLICES = 16;
const TABLE_BYTES = 256 * 8;
const WINDOW_OFFSET = SLICES * TABLE_BYTES;
const WINDOW_BYTES = 65536 - WINDOW_OFFSET;

// What is used of the API; Node's types have none of it and the browser's do not belong here.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

interface Crc64Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly remainder: { value: bigint };
  update(this: void, pointer: number, length: number): void;
}

export class CompiledCrc64 implements Crc64 {
  readonly #update: Crc64Exports['update'];
  readonly #remainder: Crc64Exports['remainder'];
  readonly #window: Buffer;

  constructor() {
    compiled ??= new WebAssembly.Module(assemble());
    const { exports } = new WebAssembly.Instance(compiled);
    const { memory, remainder, update } = exports as Crc64Exports;
    new BigUint64Array(memory.buffer, 0, SLICES * 256).set(tables());
    this.#window = Buffer.from(memory.buffer, WINDOW_OFFSET, WINDOW_BYTES);
    this.#update = update;
    this.#remainder = remainder;
    this.reset();
  }

  reset(): void {
    this.#remainder.value = -1n;
  }

  update(bytes: Buffer, start: number, end: number): void {
    for (let from = start; from < end; from += WINDOW_BYTES) {
      const to = Math.min(end, from + WINDOW_BYTES);
      bytes.copy(this.#window, 0, from, to);
      this.#update(WINDOW_OFFSET, to - from);
    }
  }

  digest(into: Buffer): void {
    into.writeBigUInt64BE(BigInt.asUintN(64, ~this.#remainder.value), 0);
  }
}

let compiled: object | undefined;

// Table k is what a byte does to the remainder k bytes later.
function tables(): BigUint64Array {
  const all = new BigUint64Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let remainder = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) {
      remainder = (remainder & 1n) === 0n ? remainder >> 1n : (remainder >> 1n) ^ POLYNOMIAL;
    }
    all[byte] = remainder;
  }
  for (let i = 256; i < all.length; i++) {
    const before = all[i - 256] ?? 0n;
    all[i] = (all[Number(before & 255n)] ?? 0n) ^ (before >> 8n);
  }
  return all;
}

// The few instructions needed, by their names in the specification of WebAssembly.
const I32 = 0x7f;
const I64 = 0x7e;
const NO_RESULT = 0x40;
const END = 0x0b;
const i32 = { add: 0x6a, and: 0x71, lessUnsigned: 0x49, wrap: 0xa7 };
const i64 = { and: 0x83, xor: 0x85, shiftLeft: 0x86, shiftRight: 0x88 };
const localGet = (index: number): number[] => [0x20, index];
const localSet = (index: number): number[] => [0x21, index];
const globalGet = [0x23, 0];
const globalSet = [0x24, 0];
const i32Const = (value: number): number[] => [0x41, ...leb128(value)];
const i64Const = (value: number): number[] => [0x42, ...leb128(value)];
const i64Load = (offset: number): number[] => [0x29, 0, ...leb128(offset, false)];
const i64LoadByte = [0x31, 0, 0];

const POINTER = 0;
const LENGTH = 1;
const REMAINDER = 2;
const FIRST = 3;
const SECOND = 4;
const STOP = 5;

/** Runs `body` while POINTER < STOP. */
function loop(body: number[]): number[] {
  const again = [0x0c, 1];
  const condition = [...localGet(POINTER), ...localGet(STOP), i32.lessUnsigned];
  return [0x03, NO_RESULT, ...condition, 0x04, NO_RESULT, ...body, ...again, END, END];
}

/** Table `slice` at byte `index` of local `word`. */
function lookUp(word: number, index: number, slice: number): number[] {
  // The byte, already multiplied by the 8 bytes of a table's entry.
  const shift = index === 0 ? [...i64Const(3), i64.shiftLeft] : [...i64Const(8 * index - 3), i64.shiftRight];
  const address = [...localGet(word), ...shift, ...i64Const(0xff << 3), i64.and, i32.wrap];
  return [...address, ...i64Load(slice * TABLE_BYTES)];
}

function advance(bytes: number): number[] {
  return [...localGet(POINTER), ...i32Const(bytes), i32.add, ...localSet(POINTER)];
}

function stopAt(length: number[]): number[] {
  return [...localGet(POINTER), ...length, i32.add, ...localSet(STOP)];
}

function sixteenBytes(): number[] {
  const first = [...localGet(POINTER), ...i64Load(0), ...localGet(REMAINDER), i64.xor, ...localSet(FIRST)];
  const second = [...localGet(POINTER), ...i64Load(8), ...localSet(SECOND)];
  const sum = Array.from({ length: SLICES }, (_, i) => [
    ...lookUp(i < 8 ? FIRST : SECOND, i % 8, SLICES - 1 - i),
    ...(i > 0 ? [i64.xor] : []),
  ]).flat();
  return [...first, ...second, ...sum, ...localSet(REMAINDER), ...advance(SLICES)];
}

function oneByte(): number[] {
  const first = [...localGet(POINTER), ...i64LoadByte, ...localGet(REMAINDER), i64.xor, ...localSet(FIRST)];
  const rest = [...localGet(REMAINDER), ...i64Const(8), i64.shiftRight, i64.xor, ...localSet(REMAINDER)];
  return [...first, ...lookUp(FIRST, 0, 0), ...rest, ...advance(1)];
}

/** The module's bytes. */
function assemble(): Uint8Array<ArrayBuffer> {
  const locals = [2, 3, I64, 1, I32];
  const body = [
    [...globalGet, ...localSet(REMAINDER)],
    [...stopAt([...localGet(LENGTH), ...i32Const(-SLICES), i32.and]), ...loop(sixteenBytes())],
    [...stopAt([...localGet(LENGTH), ...i32Const(SLICES - 1), i32.and]), ...loop(oneByte())],
    [...localGet(REMAINDER), ...globalSet],
  ].flat();
  const code = [...locals, ...body, END];
  return Uint8Array.from([
    ...Buffer.from('\0asm\u0001\0\0\0'),
    ...section(1, [1, 0x60, 2, I32, I32, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(6, [1, I64, 1, ...i64Const(-1), END]),
    ...section(7, [3, ...exported('update', 0), ...exported('memory', 2), ...exported('remainder', 3)]),
    ...section(10, [1, ...leb128(code.length, false), ...code]),
  ]);
}

function section(id: number, content: number[]): number[] {
  return [id, ...leb128(content.length, false), ...content];
}

function exported(name: string, kind: number): number[] {
  return [name.length, ...Buffer.from(name), kind, 0];
}

/** The variable-length form of integers. */
function leb128(value: number, signed = true): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    const low = rest & 0x7f;
    const high = rest >> 7;
    const done = signed ? high === ((low & 0x40) === 0 ? 0 : -1) : high === 0;
    if (done) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}
