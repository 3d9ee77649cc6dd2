// The completion for bash, which needs nothing besides bash itself.
import type { Flag, Kind, Place } from './tree.js';

export function bashCompletion(places: readonly Place[]): string {
  return `# bash completion for imagectl

_imagectl_place() {
  commands= flags= files= images= none= choices= words=
  case $1 in
${places.map(caseOf).join('')}  *) return 1 ;;
  esac
}

_imagectl_offer() {
  case $1 in
  image) COMPREPLY=($(imagectl "\${url[@]}" __complete image "$2" 2>/dev/null)) ;;
  file)
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$2")
    ;;
  none) ;;
  *) COMPREPLY=($(compgen -W "$1" -- "$2")) ;;
  esac
}

_imagectl_value() {
  case " $files " in *" $1 "*) _imagectl_offer file "$2"; return ;; esac
  case " $images " in *" $1 "*) _imagectl_offer image "$2"; return ;; esac
  local choice
  for choice in $choices; do
    [[ $choice == "$1="* ]] && { choice=\${choice#*=}; _imagectl_offer "\${choice//,/ }" "$2"; return; }
  done
}

_imagectl() {
  # Words as imagectl gets them: bash itself would cut names of images at their colons.
  local line=\${COMP_LINE:0:COMP_POINT} list cur word path= flag= url=()
  local commands flags files images none choices words
  COMPREPLY=()
  read -ra list <<<"$line"
  [[ $line == *[[:space:]] ]] && list+=('')
  cur=\${list[-1]}
  _imagectl_place ''
  for word in "\${list[@]:1:\${#list[@]}-2}"; do
    if [[ -n $flag ]]; then
      [[ $flag == --url ]] && url=(--url "$word")
      flag=
    elif [[ $word == --url=* ]]; then
      url=("$word")
    elif [[ $word == -* ]]; then
      case " $files $images $none " in *" $word "*) flag=$word ;; esac
    else
      case " $commands " in *" $word "*) path="\${path:+$path }$word"; _imagectl_place "$path" ;; esac
    fi
  done
  if [[ -n $flag ]]; then
    _imagectl_value "$flag" "$cur"
  elif [[ $cur == -*=* ]]; then
    _imagectl_value "\${cur%%=*}" "\${cur#*=}"
  elif [[ $cur == -* ]]; then
    _imagectl_offer "$flags" "$cur"
  elif [[ -n $commands ]]; then
    _imagectl_offer "$commands" "$cur"
  else
    _imagectl_offer "$words" "$cur"
  fi
  # bash replaces only what is behind the last colon or equals sign.
  if [[ $cur == *[:=]* ]]; then
    local cut=\${cur%"\${cur##*[:=]}"} value=\${cur#*=}
    [[ $cur == -*=* ]] && cut=\${value%"\${value##*[:=]}"}
    COMPREPLY=("\${COMPREPLY[@]#"$cut"}")
  fi
}

complete -F _imagectl imagectl
`;
}

function caseOf({ path, others, commands, flags, words }: Place): string {
  const behind = flags.filter(({ value, optional }) => value !== undefined && !optional);
  const fields = {
    commands: commands.map(({ name }) => name).join(' '),
    flags: flags.flatMap(namesOf).join(' '),
    files: behind
      .filter(({ value }) => value === 'file')
      .flatMap(namesOf)
      .join(' '),
    images: behind
      .filter(({ value }) => value === 'image')
      .flatMap(namesOf)
      .join(' '),
    none: behind
      .filter(({ value }) => value !== 'file' && value !== 'image')
      .flatMap(namesOf)
      .join(' '),
    choices: flags
      .flatMap((flag) => namesOf(flag).map((name) => [name, flag.value] as const))
      .flatMap(([name, value]) => (typeof value === 'object' ? [`${name}=${value.choices.join(',')}`] : []))
      .join(' '),
    words: wordsOf(words),
  };
  const lines = Object.entries(fields).flatMap(([name, value]) =>
    value === '' ? [] : [`    ${name}='${value}'\n`],
  );
  return `  ${[path, ...others].map((name) => `'${name}'`).join(' | ')})\n${lines.join('')}    ;;\n`;
}

function namesOf({ short, long }: Flag): readonly string[] {
  return [long, short].filter((name) => name !== undefined);
}

function wordsOf(kind: Kind): string {
  return typeof kind === 'object' ? kind.choices.join(' ') : kind;
}
