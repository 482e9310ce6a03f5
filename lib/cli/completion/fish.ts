import { type CompletedCommand, type CompletedOption, firstWords, secondWords } from './table.ts';
import type { ValueWord } from './values.ts';

/** The completion for fish, with what each word means. */
export function fishCompletion(table: readonly CompletedCommand[]): string {
  return `# Completion of windlass for fish: windlass completion fish | source

# The command that stands before the cursor, without \`help\`.
function __windlass_command
    set -l words (commandline -opc)
    set -e words[1]
    if test (count $words) -gt 0; and test "$words[1]" = help
        set -e words[1]
    end
    if test (count $words) -gt 1; and contains -- "$words[1] $words[2]" ${table
      .filter(({ name }) => name.includes(' '))
      .map(({ name }) => word(name))
      .join(' ')}
        echo "$words[1] $words[2]"
    else if test (count $words) -gt 0
        echo $words[1]
    end
end

function __windlass_is
    test (__windlass_command | string collect --allow-empty) = "$argv"
end

# True where the second word of a command may come.
function __windlass_begins
    __windlass_is $argv; and string match -q -- "$argv" (commandline -opc)[-1]
end

# What windlass.yaml has of a kind, here or in the directory of --repo: behind its kind, or bare.
function __windlass_names
    set -l words (commandline -opc)
    set -l repo
    if set -l index (contains -i -- --repo $words)
        set repo --repo $words[(math $index + 1)]
    end
    set -l names ($words[1] completion names $repo 2>/dev/null | string match -- "$argv[1]/*")
    if test "$argv[2]" = bare
        string replace -r -- '^[^/]*/' '' $names
    else
        string join \\n -- $names
    end
end

complete -c windlass -f
${[
  ...firstWords(table).map((next) => nextLine('__windlass_is ""', next)),
  ...[...secondWords(table)].flatMap(([first, next]) => next.map((one) => nextLine(`__windlass_begins ${first}`, one))),
  "complete -c windlass -n '__windlass_is \"\"' -l version -d 'the version'",
  ...table.flatMap(commandLines),
].join('\n')}
`;
}

function nextLine(condition: string, { word: next, help }: { word: string; help: string }): string {
  return `complete -c windlass -n ${word(condition)} -a ${next} -d ${word(help)}`;
}

function commandLines({ name, options, values }: CompletedCommand): string[] {
  const is = word(`__windlass_is ${name}`);
  const positional = values.length === 0 ? [] : [`complete -c windlass -n ${is} ${argumentsOf(values)}`];
  return [...positional, ...options.map((option) => optionLine(is, option))];
}

function optionLine(is: string, { name, short, help, values }: CompletedOption): string {
  const letter = short === undefined ? '' : ` -s ${short.slice(1)}`;
  const value = values === undefined ? '' : ` -r ${argumentsOf(values)}`;
  return `complete -c windlass -n ${is} -l ${name.slice(2)}${letter}${value} -d ${word(help)}`;
}

function argumentsOf(values: readonly ValueWord[]): string {
  if (values.includes('@file')) return '-F';
  const lists = values.map((value) => {
    if (value === '@dir') return '(__fish_complete_directories)';
    if (!value.startsWith('@')) return value;
    return value.endsWith('/')
      ? `(__windlass_names ${value.slice(1, -1)})`
      : `(__windlass_names ${value.slice(1)} bare)`;
  });
  return `-f -a ${word(lists.join(' '))}`;
}

/** A text as one word of fish, which takes a backslash between single quotes for itself. */
function word(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
