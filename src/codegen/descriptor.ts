// The constant that tells the runtime about the interface.
import { comment, list, template } from './layout.js';
import type { MethodModel, Model } from './model.js';
import { isRenamed } from './model.js';

/** The descriptor: description, methods and errors. */
export function descriptor(model: Model): string {
  const errors = model.errors.map((error) =>
    error.wire === error.name ? error.wire : `${error.wire}: ${error.name}`,
  );
  return [
    ...comment('', model.doc === '' ? `Interface ${model.name}.` : model.doc),
    `export const ${model.constant} = {`,
    `  name: '${model.name}',`,
    `  description: ${template(model.text)},`,
    `  unknownFields: '${model.options.lenient ? 'ignore' : 'refuse'}',`,
    ...(model.methods.length === 0
      ? ['  methods: {},']
      : ['  methods: {', ...model.methods.map((method) => methodEntry(model, method)), '  },']),
    list('  ', 'errors: {', errors, '},', errors.length === 0 ? '' : ' '),
    '} as const satisfies InterfaceDescriptor;',
  ].join('\n');
}

function methodEntry(model: Model, method: MethodModel): string {
  const { lenient } = model.options;
  const empty = lenient ? 'checkNothing' : 'checkEmpty';
  const required = (['more', 'upgrade'] as const).find((flag) => method[flag] === 'requires');
  const entries = [
    `handler: '${method.handler}'`,
    `stream: ${method.more !== 'none'}`,
    // Services of the lenient kind have errors of their own for it, so their methods answer.
    ...(required === undefined || lenient ? [] : [`requires: '${required}'`]),
    `check: ${method.input.fields.length === 0 ? empty : `check${method.input.name}`}`,
    ...(method.input.fields.length === 0 ? [] : [`parameters: [${positions(method)}]`]),
    ...(isRenamed(model, method.output) ? [`write: write${method.output.name}`] : []),
  ];
  return list('    ', `${method.wire}: {`, entries, '},', ' ');
}

function positions(method: MethodModel): string {
  return method.input.fields.map((field) => `'${field.wire}'`).join(', ');
}
