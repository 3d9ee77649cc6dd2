// A Dockerfile that cannot be read, and where.

/** Says the line, where it is one line's fault: `dockerfile parse error on line 3: unknown instruction: FOO`. */
export class DockerfileError extends Error {
  override readonly name = 'DockerfileError';
  readonly code = 'DOCKERFILE';
  /** Counted from 1 over all joined files. */
  readonly line: number | undefined;

  constructor(reason: string, line?: number) {
    super(`dockerfile parse error${line === undefined ? '' : ` on line ${line}`}: ${reason}`);
    this.line = line;
  }
}
