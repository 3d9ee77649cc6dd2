// The set of paths a layer has had so far, 8 bytes each whatever their length.

const FIRST_SLOTS = 1024;

/**
 * Remembers 64-bit fingerprints of byte strings in an open hash table: two million paths cost 32 MiB, as strings they would
 * cost several hundred. Two different paths of a layer collide with a probability below 10⁻⁶ at that size.
 */
export class PathSet {
  // Pairs of 32-bit words; 0,0 is a free slot.
  #slots = new Uint32Array(2 * FIRST_SLOTS);
  #mask = FIRST_SLOTS - 1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a latin1 string; false if it was there. */
  add(path: string): boolean {
    // Two multiplicative hashes that read the same bytes and mix into one another at the end.
    let low = 0x9e3779b9 ^ path.length;
    let high = 0x85ebca6b;
    for (let i = 0; i < path.length; i++) {
      const byte = path.charCodeAt(i);
      low = Math.imul(low ^ byte, 0x9e3779b1);
      high = Math.imul(high ^ byte, 0x5f356495);
      high ^= high >>> 15;
    }
    low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
    high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
    if (!this.#insert(low >>> 0 || 1, high >>> 0)) return false;
    if (++this.#size * 2 > this.#mask) this.#grow();
    return true;
  }

  #insert(low: number, high: number): boolean {
    const slots = this.#slots;
    for (let slot = low & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const found = slots[2 * slot] ?? 0;
      if (found === 0) {
        slots[2 * slot] = low;
        slots[2 * slot + 1] = high;
        return true;
      }
      if (found === low && slots[2 * slot + 1] === high) return false;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#mask = this.#mask * 2 + 1;
    this.#slots = new Uint32Array(2 * (this.#mask + 1));
    for (let i = 0; i < old.length; i += 2) {
      const low = old[i] ?? 0;
      if (low !== 0) this.#insert(low, old[i + 1] ?? 0);
    }
  }
}
