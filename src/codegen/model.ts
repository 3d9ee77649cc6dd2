// The syntax tree with everything decided that the output depends on: names, what is renamed, what gets a name.
import type {
  EnumType,
  ErrorMember,
  FlagUse,
  Interface,
  MethodMember,
  StructType,
  Type,
} from '../idl/index.js';
import { methodFlags, withoutMarkers } from '../idl/index.js';
import { capitalized, classStem, fieldNames, fileStem, methodName, Names } from './names.js';

export interface GenerateOptions {
  /** The interface file as the header names it. */
  readonly source: string;
  /** How the output imports src/rpc. */
  readonly rpc: string;
  /**
   * Serve the interface as Go services of 2020 did: an absent field of a call or reply has its zero value, unknown
   * fields are ignored, and it is the method that answers a call without a flag it requires.
   */
  readonly lenient: boolean;
}

export interface EnumModel {
  readonly kind: 'enum';
  readonly name: string;
  readonly doc: string;
  readonly values: readonly { readonly name: string; readonly doc: string }[];
}

export interface StructModel {
  readonly kind: 'struct';
  readonly name: string;
  readonly doc: string;
  /** Written out where it is used rather than declared. */
  readonly inline: boolean;
  fields: readonly FieldModel[];
}

export interface FieldModel {
  readonly wire: string;
  readonly name: string;
  readonly doc: string;
  readonly type: TypeModel;
}

export type TypeModel =
  | { readonly kind: 'bool' | 'int' | 'float' | 'string' | 'object' | 'any' }
  | { readonly kind: 'array' | 'map' | 'nullable'; readonly element: TypeModel }
  | StructModel
  | EnumModel;

export interface MethodModel {
  readonly wire: string;
  readonly handler: string;
  readonly doc: string;
  readonly more: FlagUse;
  readonly upgrade: FlagUse;
  readonly input: StructModel;
  readonly output: StructModel;
}

export interface ErrorModel {
  readonly wire: string;
  readonly name: string;
  readonly doc: string;
  readonly parameters: StructModel;
}

export interface Model {
  readonly name: string;
  readonly doc: string;
  readonly text: string;
  readonly fileStem: string;
  readonly classStem: string;
  readonly options: GenerateOptions;
  /** In the order of the file; types that have no name there come before the first type that uses them. */
  readonly types: readonly (StructModel | EnumModel)[];
  readonly methods: readonly MethodModel[];
  readonly errors: readonly ErrorModel[];
}

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
      options,
      types: this.#types,
      methods,
      errors,
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

  /** The fields of a method or error: two at most are written out in the signature. */
  #parameters(struct: StructType, wanted: string, doc: string, named: boolean): StructModel {
    const small =
      struct.fields.length <= 2 && struct.fields.every((field) => field.doc === '' && isPlain(field.type));
    const inline = struct.fields.length === 0 || (small && !named);
    // Taken even if it is not declared: the check is named after it.
    const name = this.#names.take(wanted);
    const fields = this.#fields(struct, name);
    const model: StructModel = { kind: 'struct', name, doc, inline, fields };
    if (!inline) this.#types.push(model);
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

/** Whether values of this type look different on the wire: some field in it has another name there. */
export function isRenamed(type: TypeModel, seen: ReadonlySet<StructModel> = new Set()): boolean {
  switch (type.kind) {
    case 'array':
    case 'map':
    case 'nullable':
      return isRenamed(type.element, seen);
    case 'struct': {
      if (seen.has(type)) return false;
      const inside = new Set(seen).add(type);
      return type.fields.some((field) => field.name !== field.wire || isRenamed(field.type, inside));
    }
    default:
      return false;
  }
}

/** Whether there are structs in it, and so fields that nobody declared. */
export function hasStruct(type: TypeModel): boolean {
  if (type.kind === 'array' || type.kind === 'map' || type.kind === 'nullable')
    return hasStruct(type.element);
  return type.kind === 'struct';
}
