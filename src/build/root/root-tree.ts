// The file system a step works on: the layers below, and a directory that takes what it changes.

/** Directories of layers, the topmost first; empty for `scratch`. Whiteouts in them are overlay's. */
export interface LayerStack {
  readonly lowers: readonly string[];
}

/** A stack with a new layer on top, all four directories of one file system (a staged layer's `home`). */
export interface WorkingTree extends LayerStack {
  /** Takes the changes: becomes the `diff` of the layer. */
  readonly upper: string;
  /** Overlay's own, empty. */
  readonly work: string;
  /** Where it is mounted, seen by the worker that mounted it alone. */
  readonly merged: string;
}
