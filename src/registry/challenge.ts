// WWW-Authenticate: how a registry wants to be convinced.

/** One challenge; the scheme and the parameter names are lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const tokenText = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const parameter = new RegExp(
  `[ \\t,]*(${tokenText})[ \\t]*=[ \\t]*(?:"((?:[^"\\\\]|\\\\.)*)"|(${tokenText}))`,
  'y',
);
const scheme = new RegExp(`[ \\t,]*(${tokenText})(?=[ \\t,]|$)(?![ \\t]*=)`, 'y');

/** Every challenge of these header values, in order. What cannot be understood ends its header. */
export function parseChallenges(headers: readonly string[]): readonly Challenge[] {
  return headers.flatMap(parseHeader);
}

function parseHeader(text: string): readonly Challenge[] {
  const challenges: Challenge[] = [];
  let at = 0;
  for (;;) {
    const name = matchAt(scheme, text, at);
    if (name === undefined) return challenges;
    at = scheme.lastIndex;
    const parameters = new Map<string, string>();
    for (
      let found = matchAt(parameter, text, at);
      found !== undefined;
      found = matchAt(parameter, text, at)
    ) {
      at = parameter.lastIndex;
      parameters.set(found[1]!.toLowerCase(), found[3] ?? found[2]!.replaceAll(/\\(.)/g, '$1'));
    }
    challenges.push({ scheme: name[1]!.toLowerCase(), parameters });
  }
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}
