// Syntax tree → model: names, what is renamed, what gets a name.
import type { EnumType, ErrorMember, Interface, MethodMember, StructType, Type } from '../idl/index.js';
import { methodFlags, withoutMarkers } from '../idl/index.js';
import type {
  EnumModel,
  ErrorModel,
  FieldModel,
  GenerateOptions,
  MethodModel,
  Model,
  StructModel,
  TypeModel,
} from './model.js';
import { parametersOf, renamedStructs } from './model.js';
import { capitalized, classStem, constantName, fieldNames, fileStem, methodName, Names } from './names.js';
import { typeText } from './types.js';

/** Columns of a struct that is written where it is used. */
const inlineWidth = 64;

/** Decides everything about one interface; `text` is the file it was parsed from. */
export function modelOf(tree: Interface, text: string, options: GenerateOptions): Model {
  return new ModelBuilder(tree).build(text, options);
}

class ModelBuilder {
  readonly #tree: Interface;
  readonly #names = new Names();
  readonly #declared = new Map<string, StructModel | EnumModel>();
  readonly #types: (StructModel | EnumModel)[] = [];

  constructor(tree: Interface) {
    this.#tree = tree;
  }

  build(text: string, options: GenerateOptions): Model {
    const stem = classStem(this.#tree.name);
    for (const suffix of ['Service', 'Client']) this.#names.take(stem + suffix);
    const names = new Map(
      this.#tree.members.map(({ kind, name }) => [name, kind === 'method' ? name : this.#names.take(name)]),
    );
    // Types may use each other in any order: first all of them, then their fields.
    for (const member of this.#tree.members) {
      if (member.kind !== 'type') continue;
      const name = names.get(member.name) ?? member.name;
      const { doc } = member;
      const model: StructModel | EnumModel =
        member.type.kind === 'enum'
          ? { kind: 'enum', name, doc, values: member.type.values }
          : { kind: 'struct', name, doc, inline: false, fields: [] };
      this.#declared.set(member.name, model);
    }
    for (const member of this.#tree.members) {
      if (member.kind !== 'type') continue;
      const model = this.#declared.get(member.name);
      if (model === undefined) continue;
      if (model.kind === 'struct' && member.type.kind === 'struct')
        model.fields = this.#fields(member.type, model.name);
      this.#types.push(model);
    }
    const members = this.#tree.members;
    const methods = members
      .filter((member) => member.kind === 'method')
      .map((member) => this.#method(member));
    const errors = members
      .filter((member) => member.kind === 'error')
      .map((member) => this.#error(member, names.get(member.name) ?? member.name));
    return {
      name: this.#tree.name,
      doc: this.#tree.doc,
      text,
      fileStem: fileStem(this.#tree.name),
      classStem: stem,
      constant: constantName(stem),
      options,
      types: this.#types,
      methods,
      errors,
      renamed: renamedStructs([
        ...this.#types.filter((type) => type.kind === 'struct'),
        ...parametersOf(methods, errors),
      ]),
    };
  }

  #method(member: MethodMember): MethodModel {
    const flags = methodFlags(member);
    // A streamed reply is written many times by those who use it: it always has a name.
    const named = flags.more !== 'none';
    return {
      wire: member.name,
      handler: methodName(member.name),
      doc: withoutMarkers(member.doc),
      ...flags,
      input: this.#parameters(
        member.input,
        `${member.name}Parameters`,
        `The parameters of ${member.name}.`,
        false,
      ),
      output: this.#parameters(member.output, `${member.name}Reply`, `The reply of ${member.name}.`, named),
    };
  }

  #error(member: ErrorMember, name: string): ErrorModel {
    const doc = `The parameters of error ${member.name}.`;
    const parameters = this.#parameters(member.parameters, `${member.name}Parameters`, doc, false);
    return { wire: member.name, name, doc: member.doc, parameters };
  }

  /** The fields of a method or error: two at most, if they are short, are written out in the signature. */
  #parameters(struct: StructType, wanted: string, doc: string, named: boolean): StructModel {
    const small =
      struct.fields.length <= 2 && struct.fields.every((field) => field.doc === '' && isPlain(field.type));
    // Taken even if it is not declared: the check is named after it.
    const name = this.#names.take(wanted);
    const fields = this.#fields(struct, name);
    const inline: StructModel = { kind: 'struct', name, doc, inline: true, fields };
    if (fields.length === 0 || (small && !named && typeText(inline).length <= inlineWidth)) return inline;
    const model: StructModel = { ...inline, inline: false };
    this.#types.push(model);
    return model;
  }

  #fields(struct: StructType, owner: string): FieldModel[] {
    const names = fieldNames(struct.fields.map((field) => field.name));
    return struct.fields.map((field, index) => {
      const name = names[index] ?? field.name;
      return {
        wire: field.name,
        name,
        doc: field.doc,
        type: this.#type(field.type, owner + capitalized(name)),
      };
    });
  }

  /** `name` is what a struct or enum without a name of its own is called. */
  #type(type: Type, name: string): TypeModel {
    switch (type.kind) {
      case 'named': {
        const model = this.#declared.get(type.name);
        if (model === undefined) throw new TypeError(`unchecked interface: no type ${type.name}`);
        return model;
      }
      case 'array':
      case 'map':
      case 'nullable':
        return { kind: type.kind, element: this.#type(type.element, name) };
      case 'struct':
      case 'enum':
        return this.#unnamed(type, this.#names.take(name));
      default:
        return type;
    }
  }

  #unnamed(type: StructType | EnumType, name: string): StructModel | EnumModel {
    const model: StructModel | EnumModel =
      type.kind === 'enum'
        ? { kind: 'enum', name, doc: '', values: type.values }
        : { kind: 'struct', name, doc: '', inline: false, fields: this.#fields(type, name) };
    this.#types.push(model);
    return model;
  }
}

/** Whether a type is short enough for a signature. */
function isPlain(type: Type): boolean {
  if (type.kind === 'array' || type.kind === 'map' || type.kind === 'nullable') return isPlain(type.element);
  return type.kind !== 'struct' && type.kind !== 'enum';
}
