// The three shapes of names in the interface language.

const interfaceShape = /^[A-Za-z](?:-*[A-Za-z0-9])*(?:\.[A-Za-z0-9](?:-*[A-Za-z0-9])*)+$/;
const memberShape = /^[A-Z][A-Za-z0-9]*$/;
const fieldShape = /^[A-Za-z](?:_?[A-Za-z0-9])*$/;

/** A reverse-domain name of at least two parts, at most 255 characters; only the first part must start with a letter. */
export function isInterfaceName(text: string): boolean {
  return text.length <= 255 && interfaceShape.test(text);
}

/** A name of a type, method or error. */
export function isMemberName(text: string): boolean {
  return memberShape.test(text);
}

/** A name of a field or enum value: letters and digits, single underscores between them. */
export function isFieldName(text: string): boolean {
  return fieldShape.test(text);
}
