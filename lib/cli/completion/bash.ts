import { type CompletedCommand, firstWords, secondWords, shellWord } from './table.ts';
import type { ValueWord } from './values.ts';

/** The completion for bash 3.2 and newer: everything is in the script, save what windlass.yaml names. */
export function bashCompletion(table: readonly CompletedCommand[]): string {
  const first = firstWords(table).map(({ word }) => word);
  return `# Completion of windlass for bash: source <(windlass completion bash)

# The words that begin with $2, of those that a value may be.
_windlass_values() {
  local one
  for one in $1; do
    case "$one" in
      @file | @dir)
        # Left to readline where it can be told so (bash 4): it knows quotes, and puts a slash behind a directory.
        if ! type compopt >/dev/null 2>&1; then compgen "$([[ "$one" == @dir ]] && echo -d || echo -f)" -- "$2"; fi
        ;;
      @*/) _windlass_names | grep "^\${one#@}" ;;
      @*) _windlass_names | sed -n "s,^\${one#@}/,,p" ;;
      *) echo "$one" ;;
    esac
  done | while IFS= read -r one; do
    case "$one" in "$2"*) echo "$one" ;; esac
  done
}

# What windlass.yaml has, here or in the directory of --repo. An alias is found only in a line that is read anew.
_windlass_names() {
  if alias "$program" >/dev/null 2>&1; then
    eval "$program completion names"' \${repo:+--repo "$repo"}' 2>/dev/null
  else
    "$program" completion names \${repo:+--repo "$repo"} 2>/dev/null
  fi
}

# What the value of an option may be; fails for an option without one.
_windlass_option() {
  case "$1 $2" in
${optionCases(table)}
    *) return 1 ;;
  esac
}

_windlass() {
  local line="\${COMP_LINE:0:COMP_POINT}" program="\${COMP_WORDS[0]}" current previous command='' repo='' at=1 index
  local options='--help --version' values=${shellWord(first.join(' '))} prefix='' found one
  local -a words
  COMPREPLY=()
  read -ra words <<<"$line"
  case "$line" in *[[:space:]]) words+=('') ;; esac
  local last=$((\${#words[@]} - 1))
  ((last > 0)) || return 0
  current="\${words[last]}" previous="\${words[last - 1]}"
  if [[ "\${words[1]}" == help ]] && ((last > 1)); then at=2; fi
  for ((index = 1; index < last; index++)); do
    case "\${words[index]}" in
      --repo=*) repo="\${words[index]#--repo=}" ;;
      --repo) if ((index + 1 < last)); then repo="\${words[index + 1]}"; fi ;;
    esac
  done
  if ((last > at)); then command="\${words[at]}"; fi
  if ((last > at + 1)); then
    case "\${words[at]} \${words[at + 1]}" in
      ${alternatives(table.filter(({ name }) => name.includes(' ')).map(({ name }) => name))}) command="\${words[at]} \${words[at + 1]}" ;;
    esac
  fi
  case "$command" in
    '') ;;
${table.map(commandCase).join('\n')}
    *) options='' values='' ;;
  esac
  if ((last == at + 1)); then
    case "$command" in
${[...secondWords(table)].map(([word, next]) => `      ${word}) values="${next.map((one) => one.word).join(' ')} $values" ;;`).join('\n')}
    esac
  fi
  if [[ "$current" == --*=* ]]; then
    values="$(_windlass_option "$command" "\${current%%=*}")" || return 0
    prefix="\${current%%=*}=" current="\${current#*=}"
  elif one="$(_windlass_option "$command" "$previous")"; then
    values="$one"
  elif [[ "$current" == -* || -z "$values" ]]; then
    values="$options"
  fi
  # Not in a subshell: it tells readline what to do with names of files.
  local whole="$prefix$current" typed=''
  case "$values" in
    *@file*) compopt -o default 2>/dev/null ;;
    *@dir*) compopt -o dirnames 2>/dev/null ;;
  esac
  found="$(_windlass_values "$values" "$current")"
  # The beginning of a word is gone on with.
  case "$found" in *$'\\n'*) ;; */) compopt -o nospace 2>/dev/null ;; esac
  # Readline replaces only what stands behind the last of its separators.
  for one in '=' ':'; do
    if [[ "$COMP_WORDBREAKS" == *"$one"* && "$whole" == *"$one"* ]]; then
      index="\${whole%"$one"*}$one"
      if ((\${#index} > \${#typed})); then typed="$index"; fi
    fi
  done
  while IFS= read -r one; do
    if [[ -n "$one" ]]; then one="$prefix$one" && COMPREPLY+=("\${one#"$typed"}"); fi
  done <<<"$found"
}

# In a checkout the program is windlass.js.
complete -F _windlass windlass windlass.js
`;
}

function commandCase({ name, options, values }: CompletedCommand): string {
  const names = options.flatMap((option) => [option.name, ...(option.short === undefined ? [] : [option.short])]);
  return `    ${shellWord(name)}) options=${shellWord(names.join(' '))} values=${shellWord(values.join(' '))} ;;`;
}

/** One case for all options of all commands that take the same values. */
function optionCases(table: readonly CompletedCommand[]): string {
  const cases = new Map<string, string[]>();
  for (const command of table)
    for (const option of command.options) {
      if (option.values === undefined) continue;
      const key = valuesText(option.values);
      const names = [option.name, ...(option.short === undefined ? [] : [option.short])];
      cases.set(key, [...(cases.get(key) ?? []), ...names.map((name) => `${command.name} ${name}`)]);
    }
  return [...cases].map(([values, names]) => `    ${alternatives(names)}) echo ${shellWord(values)} ;;`).join('\n');
}

function valuesText(values: readonly ValueWord[]): string {
  return values.join(' ');
}

function alternatives(words: readonly string[]): string {
  return words.map(shellWord).join(' | ');
}
