// Waiting for what no event tells.

/** Resolves when the condition holds; looks every millisecond. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(1);
}

/** Resolves when a value has not changed for 100 ms. */
export async function settled(value: () => number): Promise<number> {
  for (let before = value(); ; before = value()) {
    await pause(100);
    if (before === value()) return before;
  }
}

export async function pause(milliseconds: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
