// What must not be written down of texts that others made: addresses may have a password in front of the host, or a signature in their query.

/** The text without what stands before the hosts of its addresses, and without their queries. */
export function withoutSecrets(text: string): string {
  if (!text.includes('://')) return text;
  return text.replace(/:\/\/[^/\s]*@/g, '://…@').replace(/(:\/\/[^?\s]*)\?[^\s"'`]*/g, '$1?…');
}
