// What the output depends on: the syntax tree with all names given.
import type { FlagUse } from '../idl/index.js';

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

type BareModel =
  | { readonly kind: 'bool' | 'int' | 'float' | 'string' | 'object' | 'any' }
  | StructModel
  | EnumModel;

export type TypeModel =
  | BareModel
  | { readonly kind: 'array' | 'map' | 'nullable'; readonly element: TypeModel };

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
  /** As the file has it: `io.podman`. */
  readonly name: string;
  readonly doc: string;
  readonly text: string;
  readonly fileStem: string;
  readonly classStem: string;
  /** The name of the descriptor: `ioPodman`. */
  readonly constant: string;
  readonly options: GenerateOptions;
  /** In the order of the file; types that have no name there come before the first type that uses them. */
  readonly types: readonly (StructModel | EnumModel)[];
  readonly methods: readonly MethodModel[];
  readonly errors: readonly ErrorModel[];
  /** The structs whose values look different on the wire: some field in them has another name there. */
  readonly renamed: ReadonlySet<StructModel>;
}

const runtimeErrors: ReadonlySet<string> = new Set(
  `ExpectedMore ExpectedUpgrade InterfaceNotFound InvalidParameter MethodNotFound MethodNotImplemented
  PermissionDenied`.split(/\s+/),
);

/** Whether the runtime has the class of an error already: every service may answer with it. */
export function isOfRuntime(model: Model, error: ErrorModel): boolean {
  return model.name === 'org.varlink.service' && runtimeErrors.has(error.wire);
}

/** The errors that get a class of their own. */
export function ownErrors(model: Model): ErrorModel[] {
  return model.errors.filter((error) => !isOfRuntime(model, error));
}

/** What goes over the wire as a whole: parameters of methods, their replies, parameters of errors. */
export function parametersOf(methods: readonly MethodModel[], errors: readonly ErrorModel[]): StructModel[] {
  return [
    ...methods.flatMap((method) => [method.input, method.output]),
    ...errors.map((error) => error.parameters),
  ];
}

/** Those with a renamed field, those that hold them, and so on: types may go in circles. */
export function renamedStructs(structs: readonly StructModel[]): ReadonlySet<StructModel> {
  const holders = new Map<TypeModel, StructModel[]>();
  for (const holder of structs) {
    for (const { type } of holder.fields) {
      const held = innermost(type);
      const others = holders.get(held);
      if (others === undefined) holders.set(held, [holder]);
      else others.push(holder);
    }
  }
  const renamed = new Set(structs.filter(({ fields }) => fields.some(({ name, wire }) => name !== wire)));
  // A set gives what is added to it during the loop, too.
  for (const struct of renamed) for (const holder of holders.get(struct) ?? []) renamed.add(holder);
  return renamed;
}

/** Whether values of this type look different on the wire. */
export function isRenamed(model: Model, type: TypeModel): boolean {
  const inner = innermost(type);
  return inner.kind === 'struct' && model.renamed.has(inner);
}

/** Whether there are structs in it, and so fields that nobody declared. */
export function hasStruct(type: TypeModel): boolean {
  return innermost(type).kind === 'struct';
}

/** What is in lists and maps, and behind question marks. */
export function innermost(type: TypeModel): BareModel {
  return 'element' in type ? innermost(type.element) : type;
}
