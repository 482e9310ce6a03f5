import { type CompletedCommand, type CompletedOption, firstWords, secondWords, shellWord } from './table.ts';

/** The completion for zsh, with what each word means. */
export function zshCompletion(table: readonly CompletedCommand[]): string {
  return `#compdef windlass windlass.js
# Completion of windlass for zsh: source <(windlass completion zsh), after compinit; or this file as _windlass in a directory of $fpath
# windlass.js is the program in a checkout, and what zsh makes of an alias for it before it completes.

# What windlass.yaml has, here or in the directory of --repo.
_windlass_names() {
  "$program" completion names \${repo:+--repo=$repo} 2>/dev/null
}

# Adds what a value may be.
_windlass_values() {
  local one
  local -a found
  for one in \${=1}; do
    case $one in
      @dir) _files -/ ;;
      @file) _files ;;
      @*/) found+=(\${(M)\${(f)"$(_windlass_names)"}:#\${one#@}*}) ;;
      @*) found+=(\${\${(M)\${(f)"$(_windlass_names)"}:#\${one#@}/*}#*/}) ;;
      *) found+=($one) ;;
    esac
  done
  # The beginning of a word is gone on with.
  local -a begun=(\${(M)found:#*/}) whole=(\${found:#*/})
  compadd -S '' -a begun
  compadd -a whole
}

# What the value of an option may be, in $reply; fails for an option without one.
_windlass_option() {
  case "$1 $2" in
${optionCases(table)}
    *) return 1 ;;
  esac
}

_windlass() {
  local program=$words[1] command='' repo='' values='' reply='' at=2 index
  local -a options next
  if [[ $words[2] == help ]] && ((CURRENT > 2)); then at=3; fi
  for ((index = 2; index < CURRENT; index++)); do
    case $words[index] in
      --repo=*) repo=\${words[index]#--repo=} ;;
      --repo) if ((index + 1 < CURRENT)); then repo=$words[index+1]; fi ;;
    esac
  done
  if ((CURRENT > at)); then command=$words[at]; fi
  if ((CURRENT > at + 1)); then
    case "$words[at] $words[at+1]" in
      ${alternatives(table.filter(({ name }) => name.includes(' ')).map(({ name }) => name))}) command="$words[at] $words[at+1]" ;;
    esac
  fi
  case $command in
    '')
      next=(
${firstWords(table).map(described).join('\n')}
      )
      options=('--help:the same as help' '--version:the version')
      ;;
${table.map(commandCase).join('\n')}
  esac
  if ((CURRENT == at + 1)); then
    case $command in
${[...secondWords(table)].map(([word, words]) => `      ${word})\n        next=(\n${words.map(described).join('\n')}\n        )\n        ;;`).join('\n')}
    esac
  fi
  if [[ $PREFIX == --*=* ]]; then
    if _windlass_option "$command" "\${PREFIX%%=*}"; then compset -P '*=' && _windlass_values "$reply"; fi
    return
  fi
  if _windlass_option "$command" "$words[CURRENT-1]"; then
    _windlass_values "$reply"
    return
  fi
  if ((\${#next})); then _describe -t commands command next; fi
  if [[ $PREFIX == -* || ( -z $values && \${#next} -eq 0 ) ]]; then _describe -o -t options option options; fi
  if [[ $PREFIX != -* && -n $values ]]; then _windlass_values "$values"; fi
}

if [[ $funcstack[1] == _windlass ]]; then _windlass "$@"; else compdef _windlass windlass windlass.js; fi
`;
}

function described({ word, help }: { word: string; help: string }): string {
  return `        ${shellWord(`${word}:${help}`)}`;
}

function commandCase({ name, options, values }: CompletedCommand): string {
  return `    ${shellWord(name)})
      values=${shellWord(values.join(' '))}
      options=(
${options.flatMap((option) => namesOf(option).map((word) => described({ word, help: option.help }))).join('\n')}
      )
      ;;`;
}

function optionCases(table: readonly CompletedCommand[]): string {
  const cases = new Map<string, string[]>();
  for (const command of table)
    for (const option of command.options) {
      if (option.values === undefined) continue;
      const key = option.values.join(' ');
      cases.set(key, [...(cases.get(key) ?? []), ...namesOf(option).map((name) => `${command.name} ${name}`)]);
    }
  return [...cases].map(([values, names]) => `    ${alternatives(names)}) reply=${shellWord(values)} ;;`).join('\n');
}

function namesOf({ name, short }: CompletedOption): string[] {
  return short === undefined ? [name] : [name, short];
}

function alternatives(words: readonly string[]): string {
  return words.map(shellWord).join(' | ');
}
