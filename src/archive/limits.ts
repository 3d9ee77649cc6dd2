// What a layer may cost at most, so that no archive exhausts the host.

/** Bounds of one layer; all of them inclusive. */
export interface LayerLimits {
  /** Entries of the tar. */
  readonly entries: number;
  /** Uncompressed bytes per compressed byte, checked once `ratioFloor` uncompressed bytes have come. */
  readonly ratio: number;
  /** Bytes. */
  readonly ratioFloor: number;
  /** Bytes of one extension header (pax records, a GNU long name). */
  readonly extensionBytes: number;
  /** Bytes of one cleaned path. */
  readonly pathBytes: number;
  /** Distinct owners, users and groups each. */
  readonly owners: number;
}

export const defaultLayerLimits: LayerLimits = {
  entries: 2_000_000,
  ratio: 1000,
  ratioFloor: 1024 ** 3,
  extensionBytes: 1024 ** 2,
  pathBytes: 4095,
  owners: 100_000,
};
