// What is wrong with a template, or with what it asks of the data, in the words of podman's language.
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  readonly code = 'TEMPLATE_INVALID';
}
