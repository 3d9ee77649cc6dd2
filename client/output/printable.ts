// Other people's text on a terminal: names, commands and reasons come from images and registries.

/** Without anything a terminal would act upon: control characters, those of C1 and line separators become blanks. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ');
}

/** The same for text of several lines, whose line feeds and tabs stay. */
export function printableLines(text: string): string {
  return text.replace(/[^\n\t]+/g, printable);
}
