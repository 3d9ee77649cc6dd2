// The completion for fish.
import type { Flag, Kind, Place } from './tree.js';

export function fishCompletion(places: readonly Place[]): string {
  const paths = places.flatMap(({ path, others }) => [path, ...others]).filter((path) => path !== '');
  return `# fish completion for imagectl

# The command that the words so far lead to; in imagectl_url the service that they name.
function __imagectl_place
    set -g imagectl_url
    set -l place
    set -l flag
    for word in (commandline -opc)[2..-1]
        if test -n "$flag"
            set imagectl_url --url $word
            set flag
        else if test "$word" = --url
            set flag $word
        else if string match -q -- '--url=*' $word
            set imagectl_url $word
        else if not string match -q -- '-*' $word
            set -l next (string join ' ' $place $word)
            contains -- $next ${paths.map(quoted).join(' ')}
            and set place $place $word
        end
    end
    string join ' ' $place
end

function __imagectl_at
    set -l place (__imagectl_place)
    contains -- "$place" $argv
end

function __imagectl_images
    __imagectl_place >/dev/null
    imagectl $imagectl_url __complete image (commandline -ct) 2>/dev/null
end

complete -c imagectl -f
${places.map(linesOf).join('')}`;
}

function linesOf({ path, others, commands, flags, words }: Place): string {
  const at = `complete -c imagectl -n ${quoted(`__imagectl_at ${[path, ...others].map((name) => `"${name}"`).join(' ')}`)}`;
  return [
    ...commands.map(({ name, description }) => `${at} -a ${name} -d ${quoted(description)}\n`),
    ...flags.map((flag) => `${at}${namesOf(flag)}${valueOf(flag)} -d ${quoted(flag.description)}\n`),
    ...(words === 'none' ? [] : [`${at} ${actionOf(words)}\n`]),
  ].join('');
}

function namesOf({ short, long }: Flag): string {
  return `${short === undefined ? '' : ` -s ${short.slice(1)}`}${long === undefined ? '' : ` -l ${long.slice(2)}`}`;
}

function valueOf({ value, optional }: Flag): string {
  if (value === undefined || optional) return '';
  return value === 'none' ? ' -x' : ` -r ${actionOf(value)}`;
}

function actionOf(kind: Kind): string {
  if (typeof kind === 'object') return `-a ${quoted(kind.choices.join(' '))}`;
  return { image: "-a '(__imagectl_images)'", file: '-F', none: '' }[kind];
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
}
