// Stages that do not fit together.

/** A target, a base or a source that does not exist; names the line where there is one. */
export class PlanError extends Error {
  override readonly name = 'PlanError';
  readonly code = 'BUILD_PLAN';
}
