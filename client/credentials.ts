// USERNAME:PASSWORD, as flags have it.
import { CommandError } from './errors.js';

/** The password may hold colons, the user's name cannot. Throws {@link CommandError}. */
export function parseCredentials(
  text: string,
  flag = '--creds',
): { readonly username: string; readonly password: string } {
  const colon = text.indexOf(':');
  if (colon <= 0) throw new CommandError(`${flag}: expected USERNAME:PASSWORD`);
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
