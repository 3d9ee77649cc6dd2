// The command that a label stands for (io-podman-api §3 ContainerRunlabel).
import { basename } from 'node:path';
import { shellWords } from './shell-words.js';

export interface RunlabelSource {
  /** The value of the label. */
  readonly label: string;
  /** The image's first name, or its id. */
  readonly image: string;
  /** What NAME stands for; the last component of the image's name when empty. */
  readonly name: string;
  /** Words behind those of the label. */
  readonly extraArgs: readonly string[];
  /** `opt1`, `opt2` and `opt3`. */
  readonly options: Readonly<Record<string, string>>;
  /** What PWD stands for. */
  readonly directory: string;
}

export interface RunlabelCommand {
  /** The program first. */
  readonly words: readonly string[];
  /** What the program finds in its environment besides ours. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Variables that are none of these are empty, as in the original. Throws ShellWordsError. */
export function runlabelCommand(source: RunlabelSource): RunlabelCommand {
  const { label, image, extraArgs, options, directory } = source;
  const name = source.name || nameIn(image);
  const variables: Readonly<Record<string, string>> = {
    NAME: name,
    IMAGE: image,
    OPT1: optionOf(options, 'opt1'),
    OPT2: optionOf(options, 'opt2'),
    OPT3: optionOf(options, 'opt3'),
  };
  const values: Readonly<Record<string, string>> = { ...variables, PWD: directory };
  const words = shellWords(label, (variable) => (Object.hasOwn(values, variable) ? values[variable]! : ''));
  const [program = '', ...args] = [...words, ...extraArgs];
  return {
    words: [programFor(program), ...args.map((arg) => replaced(arg, name, image))],
    // What a label runs shall not run labels.
    environment: { ...variables, PODMAN_RUNLABEL_NESTED: '1' },
  };
}

/** NAME and IMAGE stand for these also without a dollar sign, as a word of their own or behind an equals sign. */
function replaced(arg: string, name: string, image: string): string {
  const [, before = '', word] = /^(.*=)?(NAME|IMAGE)$/s.exec(arg) ?? [];
  if (word === undefined) return arg;
  return `${before}${word === 'NAME' ? name : image}`;
}

/** Labels that were written for docker mean podman. */
function programFor(program: string): string {
  return basename(program) === 'docker' ? 'podman' : program;
}

function optionOf(options: RunlabelSource['options'], key: string): string {
  return Object.hasOwn(options, key) ? options[key]! : '';
}

/** Without registry, tag and digest: those cannot be in the name of a container. */
function nameIn(image: string): string {
  const [name = ''] = basename(image).split(/[:@]/, 1);
  return name;
}
