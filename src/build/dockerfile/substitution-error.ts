// A word that cannot be substituted.

/** Names the text: `ENV` lines and their like fail with it, and so does `${name:?word}`. */
export class SubstitutionError extends Error {
  override readonly name = 'SubstitutionError';
  readonly code = 'SUBSTITUTION';
}
