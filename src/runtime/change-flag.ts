// Something that may happen many times before anybody looks.

/** Remembers that something happened until somebody waits for it. */
export class ChangeFlag {
  #raised = false;
  #wake: (() => void) | undefined;

  raise(): void {
    this.#raised = true;
    this.#wake?.();
  }

  /** Resolves once the flag was raised since the last time, and lowers it. */
  async lowered(): Promise<void> {
    if (!this.#raised) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    this.#raised = false;
  }
}
