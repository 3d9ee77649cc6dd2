// The completion for zsh.
import type { Flag, Kind, Place } from './tree.js';

export function zshCompletion(places: readonly Place[]): string {
  return `#compdef imagectl

_imagectl_images() {
  local -a names
  names=("\${(@f)$(imagectl "\${imagectl_url[@]}" __complete image "$PREFIX" 2>/dev/null)}")
  names=(\${names:#})
  (( $#names )) && compadd -- "\${names[@]}"
}

_imagectl() {
  local -a imagectl_url commands
  local place= word index flag=
  # The command that is meant is the rest of the line's own.
  for (( index = 2; index < CURRENT; index++ )); do
    word=\${words[index]}
    if [[ -n $flag ]]; then
      imagectl_url=(--url "$word") flag=
    elif [[ $word == --url ]]; then
      flag=$word
    elif [[ $word == --url=* ]]; then
      imagectl_url=("$word")
    elif [[ $word != -* ]] && _imagectl_is "\${place:+$place }$word"; then
      place="\${place:+$place }$word"
      words=("imagectl $place" "\${(@)words[index+1,-1]}")
      (( CURRENT -= index - 1 ))
      index=1
    fi
  done
  _imagectl_place "$place"
}

_imagectl_is() {
  case $1 in
  ${places
    .flatMap(({ path, others }) => [path, ...others])
    .filter((path) => path !== '')
    .map(quoted)
    .join(' | ')}) return 0 ;;
  esac
  return 1
}

_imagectl_place() {
  case $1 in
${places.map(caseOf).join('')}  esac
}

# Loaded by compinit this file is the function's first run; sourced it only declares it.
if [[ $funcstack[1] == _imagectl ]]; then
  _imagectl "$@"
else
  compdef _imagectl imagectl
fi
`;
}

function caseOf({ path, others, commands, flags, words }: Place): string {
  const names = [path, ...others].map(quoted).join(' | ');
  const lines = flags.flatMap(argumentsOf);
  if (commands.length > 0) lines.push(quoted('1:command:->commands'));
  else if (words !== 'none') lines.push(quoted(`*:${actionOf(words)}`));
  const call = `    _arguments -s ${lines.join(' \\\n      ')}\n`;
  if (commands.length === 0) return `  ${names})\n${call}    ;;\n`;
  const described = commands.map(({ name, description }) => `      ${quoted(`${name}:${description}`)}\n`);
  return `  ${names})\n    local state\n${call}    if [[ $state == commands ]]; then
      commands=(\n${described.join('')}      )
      _describe command commands
    fi\n    ;;\n`;
}

function argumentsOf({ short, long, description, value, optional }: Flag): readonly string[] {
  const text = description.replaceAll(/[[\]\\]/g, String.raw`\$&`).replaceAll(':', String.raw`\:`);
  const behind = value === undefined ? '' : `:${actionOf(value)}`;
  // Repeating is for the command to judge.
  return [long, short].flatMap((name) => {
    if (name === undefined) return [];
    const join = value === undefined ? '' : name.startsWith('--') ? '=' : '+';
    return [
      quoted(
        `*${name}${join}${optional ? '-' : ''}[${text}]${optional && behind !== '' ? `:${behind}` : behind}`,
      ),
    ];
  });
}

function actionOf(kind: Kind): string {
  if (typeof kind === 'object') return `value:(${kind.choices.join(' ')})`;
  return { image: 'image:_imagectl_images', file: 'file:_files', none: 'value: ' }[kind];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
