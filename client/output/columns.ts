// How wide text is on a terminal.

// oxlint-disable-next-line no-control-regex -- what is on every keyboard, one column each
const plain = /^[\u0000-\u007e]*$/;
/** Drawn over the character before. */
const overlaid = /[\p{Mn}\p{Me}\u200b-\u200d]/u;
/** East Asian Wide and Fullwidth, and emoji. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{1f1e6}-\u{1f2ff}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]/u;

/** The columns that printable text takes. Emoji that some terminals join are counted one by one: too many rather than too few. */
export function columnsOf(text: string): number {
  if (plain.test(text)) return text.length;
  return Array.from(text).reduce((sum, character) => sum + widthOf(character), 0);
}

/** The start of the text that takes at most `columns`. */
export function cutToColumns(text: string, columns: number): string {
  if (text.length <= columns && plain.test(text)) return text;
  let width = 0;
  let end = 0;
  for (const character of text) {
    width += widthOf(character);
    if (width > columns) return text.slice(0, end);
    end += character.length;
  }
  return text;
}

/** The end of the text behind an ellipsis, if it takes more than `columns`. */
export function endOfColumns(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  const backwards = Array.from(text).toReversed().join('');
  const end = Array.from(cutToColumns(backwards, columns - 1)).toReversed();
  return `…${end.join('')}`;
}

function widthOf(character: string): number {
  // It makes emoji of what was one column wide.
  if (character === '\ufe0f') return 1;
  if (overlaid.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}
