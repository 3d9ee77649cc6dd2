// The functions of templates: those of podman's language, and those that podman adds.
import { byteLength, sliceBytes } from './bytes.js';
import { compare, equals } from './compare.js';
import { encode } from './encode.js';
import { escapeHtml, escapeJs, escapeQuery } from './escape.js';
import { collectionIndex, collectionLength, collectionSlice } from './collections.js';
import { anyType, bool, integer, intType, sliceOf, stringType, text } from './go-type.js';
import type { GoType, GoValue } from './go-type.js';
import { print, printf, println } from './printf.js';
import { truth } from './truth.js';

/** A parameter that takes every value as it is, also none at all. */
export const valueType: GoType = { kind: 'interface', name: 'reflect.Value' };

export interface TemplateFunction {
  readonly parameters: readonly GoType[];
  /** Of any number of further arguments. */
  readonly rest?: GoType;
  /** Throws an `Error` whose message says what is wrong. */
  readonly call: (args: readonly (GoValue | undefined)[]) => GoValue | undefined;
}

/** The most characters one call may make: a template is not to fill the memory. */
export const longestText = 16 * 1024 * 1024;

type Arguments = readonly (GoValue | undefined)[];

const texts = (args: Arguments): string[] => args.map((arg) => String(arg?.raw));
const listOfTexts = sliceOf(stringType);

function onText(call: (text: string) => string): TemplateFunction {
  return { parameters: [stringType], call: ([value]) => text(call(String(value?.raw))) };
}

function onAnything(call: (args: Arguments) => string): TemplateFunction {
  return { parameters: [], rest: anyType, call: (args) => text(call(args.map(unwrapped))) };
}

function comparison(holds: (order: number) => boolean): TemplateFunction {
  return { parameters: [valueType, valueType], call: ([a, b]) => bool(holds(compare(a, b))) };
}

/** What is in an interface is what there is to print. */
function unwrapped(value: GoValue | undefined): GoValue | undefined {
  return value?.type.kind === 'interface' ? ((value.raw as GoValue | null) ?? undefined) : value;
}

export const functions: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  // These two are ended early by execute.ts.
  ['and', { parameters: [valueType], rest: valueType, call: (args) => args.at(-1) }],
  ['or', { parameters: [valueType], rest: valueType, call: (args) => args.at(-1) }],
  ['not', { parameters: [valueType], call: ([value]) => bool(!truth(value)) }],
  ['eq', { parameters: [valueType], rest: valueType, call: ([a, ...others]) => bool(equals(a, others)) }],
  ['ne', { parameters: [valueType, valueType], call: ([a, b]) => bool(!equals(a, [b])) }],
  ['lt', comparison((order) => order < 0)],
  ['le', comparison((order) => order <= 0)],
  ['gt', comparison((order) => order > 0)],
  ['ge', comparison((order) => order >= 0)],
  [
    'call',
    {
      parameters: [valueType],
      rest: valueType,
      call: ([value]) => {
        throw new Error(value === undefined ? 'call of nil' : `non-function of type ${value.type.name}`);
      },
    },
  ],
  ['html', onAnything((args) => escapeHtml(print(args)))],
  ['js', onAnything((args) => escapeJs(print(args)))],
  ['urlquery', onAnything((args) => escapeQuery(print(args)))],
  ['print', onAnything(print)],
  ['println', onAnything(println)],
  [
    'printf',
    {
      parameters: [stringType],
      rest: anyType,
      call: ([pattern, ...args]) => text(printf(String(pattern?.raw), args.map(unwrapped))),
    },
  ],
  ['len', { parameters: [valueType], call: ([value]) => integer(collectionLength(value)) }],
  [
    'index',
    { parameters: [valueType], rest: valueType, call: ([value, ...keys]) => collectionIndex(value, keys) },
  ],
  [
    'slice',
    { parameters: [valueType], rest: valueType, call: ([value, ...keys]) => collectionSlice(value, keys) },
  ],
  [
    'join',
    {
      parameters: [listOfTexts, stringType],
      call: ([list, between]) => text(((list?.raw ?? []) as readonly string[]).join(String(between?.raw))),
    },
  ],
  ['json', { parameters: [anyType], call: ([value]) => text(encode(value)) }],
  ['lower', onText((value) => value.toLowerCase())],
  ['upper', onText((value) => value.toUpperCase())],
  [
    'title',
    onText((value) =>
      value.replace(
        /(^|[^\p{L}\p{N}_'])(\p{L})/gu,
        (_found, before: string, letter: string) => before + letter.toUpperCase(),
      ),
    ),
  ],
  ['pad', { parameters: [stringType, intType, intType], call: (args) => text(padded(args)) }],
  [
    'split',
    {
      parameters: [stringType, stringType],
      call: (args) => {
        const [whole = '', separator = ''] = texts(args);
        return { type: listOfTexts, raw: separator === '' ? Array.from(whole) : whole.split(separator) };
      },
    },
  ],
  [
    'truncate',
    {
      parameters: [stringType, intType],
      call: ([value, length]) => {
        const whole = String(value?.raw);
        const most = Number(length?.raw);
        if (byteLength(whole) < most) return text(whole);
        if (most < 0) throw new Error(`runtime error: slice bounds out of range [:${most}]`);
        return text(sliceBytes(whole, 0, most));
      },
    },
  ],
]);

function padded([value, before, behind]: Arguments): string {
  const whole = String(value?.raw);
  const counts = [Number(before?.raw), Number(behind?.raw)];
  if (whole === '') return whole;
  if (counts.some((count) => count < 0)) throw new Error('strings: negative Repeat count');
  if (counts.some((count) => count > longestText)) throw new Error(`more than ${longestText} blanks`);
  return ' '.repeat(counts[0] ?? 0) + whole + ' '.repeat(counts[1] ?? 0);
}
