// Names of the interface file → names of TypeScript.

/** What the generated modules use themselves, so that no declaration may take it. */
const taken = `
  Any CallContext CallOptions Empty FieldError InterfaceDescriptor Nothing Replies Stream Transport UnknownField Upgraded VarlinkError
  Array Error ErrorOptions JSON Number Object Promise Readonly ReadonlySet Record Set`;

/** Methods that would be mistaken for what every object or promise has. */
const methodNames: ReadonlySet<string> = new Set([...Object.getOwnPropertyNames(Object.prototype), 'then']);

/** What cannot be a variable, or is one already where fields become variables. */
const variableNames: ReadonlySet<string> = words(`
  arguments await break case catch class const continue debugger default delete do else enum eval export extends false
  finally for function if implements import in instanceof interface let new null options package private protected
  public return static super switch this throw true try typeof undefined var void while with yield`);

/** Hands out names so that no two declarations of a module share one; a loser gets an underscore. */
export class Names {
  readonly #taken = words(taken);

  take(wanted: string): string {
    let name = wanted;
    while (this.#taken.has(name)) name += '_';
    this.#taken.add(name);
    return name;
  }
}

/** `image_name` → `imageName`. */
export function fieldName(wire: string): string {
  return wire.replaceAll(/_([A-Za-z0-9])/g, (_, next: string) => next.toUpperCase());
}

/** The TypeScript names of a struct's fields; those that would become alike stay as they are on the wire. */
export function fieldNames(wires: readonly string[]): string[] {
  const count = new Map<string, number>();
  for (const wire of wires) count.set(fieldName(wire), (count.get(fieldName(wire)) ?? 0) + 1);
  return wires.map((wire) => (count.get(fieldName(wire)) === 1 ? fieldName(wire) : wire));
}

/** `GetImage` → `getImage`. */
export function methodName(wire: string): string {
  const name = uncapitalized(wire);
  return methodNames.has(name) ? `${name}_` : name;
}

/** A field's name where it is a variable. */
export function variableName(name: string): string {
  return variableNames.has(name) ? `${name}_` : name;
}

/** `image` → `Image`. */
export function capitalized(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}

/** `io.podman` → `io-podman`, the stem of the files. */
export function fileStem(interfaceName: string): string {
  return interfaceName.toLowerCase().replaceAll('.', '-');
}

/** `io.podman` → `IoPodman`, the stem of the classes. */
export function classStem(interfaceName: string): string {
  return interfaceName
    .split(/[.-]+/)
    .map((part) => capitalized(part))
    .join('');
}

/** `IoPodman` → `ioPodman`, the name of the descriptor; it stands beside functions that are called `check…` and so on. */
export function constantName(stem: string): string {
  const name = uncapitalized(stem);
  return /^(?:check|write)[A-Z]|^withErrors$/.test(name) ? `${name}_` : name;
}

/** `IoPodman` → `ioPodman`. */
export function uncapitalized(name: string): string {
  return name.slice(0, 1).toLowerCase() + name.slice(1);
}

/** A file's name on a line of a comment: of its characters only those that cannot end the line or the comment. */
export function sourceName(file: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return file.replaceAll(/[\0-\x1f\x7f-\x9f\u2028\u2029]|--+>/g, '?');
}

function words(text: string): Set<string> {
  return new Set(text.trim().split(/\s+/));
}
