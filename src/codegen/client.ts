// The client class: what calls a service of this interface.
import { comment, list } from './layout.js';
import type { MethodModel, Model } from './model.js';
import { isRenamed, ownErrors } from './model.js';
import { signature, typeText } from './types.js';

interface Form {
  readonly suffix: string;
  readonly doc: string;
  readonly verb: 'call' | 'more' | 'upgrade' | 'oneway';
  readonly result: (reply: string) => string;
}

const plain: Form = { suffix: '', doc: '', verb: 'call', result: (reply) => `Promise<${reply}>` };
const last: Form = { ...plain, doc: 'The last reply only.' };
const every: Form = {
  suffix: 'More',
  doc: 'Every reply as it comes; leaving the loop gives the call up.',
  verb: 'more',
  result: (reply) => `Replies<${reply}>`,
};
const takeover: Form = {
  suffix: 'Upgrade',
  doc: 'The reply, and the connection as raw bytes from then on.',
  verb: 'upgrade',
  result: (reply) => `Promise<Upgraded<${reply}>>`,
};

const silent: Form = {
  suffix: 'Oneway',
  doc: 'Without a reply: resolves when the call is sent, and tells nothing of what becomes of it.',
  verb: 'oneway',
  result: () => 'Promise<void>',
};

/** The client class: for each method the forms of a call that its flags allow. */
export function clientClass(model: Model): string {
  const taken = new Set(model.methods.map((method) => method.handler));
  const methods = model.methods.flatMap((method) =>
    forms(method).map((form) => methodText(model, method, form, formName(method, form, taken))),
  );
  return [
    ...comment('', `A typed client of interface ${model.name} over any transport.`),
    `export class ${model.classStem}Client {`,
    '  readonly #transport: Transport;',
    '  constructor(transport: Transport) {',
    `    this.#transport = ${transport(model)};`,
    '  }',
    ...methods.flatMap((text) => ['', text]),
    '}',
  ].join('\n');
}

function transport(model: Model): string {
  return ownErrors(model).length > 0 ? `withErrors(transport, ${model.constant})` : 'transport';
}

/** `countMore`; there may be a method CountMore. */
function formName(method: MethodModel, form: Form, taken: Set<string>): string {
  let name = method.handler + form.suffix;
  if (form.suffix === '') return name;
  while (taken.has(name)) name += '_';
  taken.add(name);
  return name;
}

/** A flag that a method requires leaves only that form. */
function forms(method: MethodModel): Form[] {
  if (method.more === 'requires') return [every];
  if (method.upgrade === 'requires') return [takeover];
  return [
    method.more === 'none' ? plain : last,
    ...(method.more === 'supports' ? [every] : []),
    ...(method.upgrade === 'supports' ? [takeover] : []),
    // Who calls a method that gives something back wants to have it.
    ...(method.output.fields.length === 0 ? [silent] : []),
  ];
}

function methodText(model: Model, method: MethodModel, form: Form, name: string): string {
  const parameters = [`params: ${typeText(method.input)}`, 'options?: CallOptions'];
  const doc = [method.doc, form.doc].filter((part) => part !== '').join('\n');
  const given = isRenamed(model, method.input) ? `write${method.input.name}(params)` : 'params';
  const check = method.output.fields.length === 0 ? 'checkEmpty' : `check${method.output.name}`;
  const values = [
    `'${model.name}.${method.wire}'`,
    given,
    ...(form.verb === 'oneway' ? [] : [check]),
    'options',
  ];
  return [
    ...comment('  ', doc),
    signature('  ', name, parameters, `: ${form.result(typeText(method.output, false))} {`),
    list('    ', `return this.#transport.${form.verb}(`, values, ');'),
    '  }',
  ].join('\n');
}
