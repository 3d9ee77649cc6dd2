// What a shell is given for a RUN that has here-documents.
import type { Command } from './instruction.js';
import { findHeredocs } from './heredoc.js';

/** A text for the shell, or a script with an interpreter of its own. */
export type ShellText =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'script'; readonly content: string };

/**
 * A here-document alone is the text itself, or a script if it begins with `#!`; next to a command the shell reads it by itself
 * (build.md, Instructions, RUN).
 */
export function shellText({ text, heredocs }: Extract<Command, { form: 'shell' }>): ShellText {
  const [first] = heredocs;
  if (first === undefined) return { kind: 'text', text };
  const [marker] = findHeredocs(text, true);
  if (marker?.start === 0 && marker.end === text.length) {
    return first.content.startsWith('#!')
      ? { kind: 'script', content: first.content }
      : { kind: 'text', text: first.content };
  }
  return { kind: 'text', text: [text, ...heredocs.map(({ name, content }) => content + name)].join('\n') };
}
