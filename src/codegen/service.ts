// The interface a service provides.
import { comment } from './layout.js';
import type { MethodModel, Model } from './model.js';
import { signature, typeText } from './types.js';

/** The service interface: one method for each of the interface file. */
export function serviceInterface(model: Model): string {
  return [
    ...comment('', `What a service provides for interface ${model.name}.`),
    `export interface ${model.classStem}Service {`,
    ...model.methods.flatMap((method) => methodLines(method)),
    '}',
  ].join('\n');
}

function methodLines(method: MethodModel): string[] {
  const reply = typeText(method.output, false);
  const result = method.more === 'none' ? `Promise<${reply}>` : `Stream<${reply}>`;
  const parameters = [`params: ${typeText(method.input)}`, 'call: CallContext'];
  return [...comment('  ', method.doc), signature('  ', method.handler, parameters, `: ${result};`)];
}
