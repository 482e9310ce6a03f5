import type { Command } from '../command.ts';
import { type ValueWord, valueWords } from './values.ts';

/** An option as a shell completes it. */
export interface CompletedOption {
  /** As typed: `--repo`. */
  name: string;
  /** As typed: `-f`. */
  short?: string;
  help: string;
  /** What its value may be; absent for an option without one. */
  values?: ValueWord[];
}

/** A command as a shell completes it. */
export interface CompletedCommand {
  /** `policy test`. */
  name: string;
  summary: string;
  options: CompletedOption[];
  /** What may stand there besides options. */
  values: ValueWord[];
}

/** A word that goes on to a command, and what it is. */
export interface NextWord {
  word: string;
  help: string;
}

const help: CompletedOption = { name: '--help', short: '-h', help: 'what it reads, prints and returns, with examples' };

/** What there is to complete, from what the commands say of themselves. */
export function completionTable(commands: readonly Command[]): CompletedCommand[] {
  return commands.map(({ name, summary, options, positionals, values }) => ({
    name,
    summary,
    options: [
      ...Object.entries(options).map(([option, how]) => ({
        name: `--${option}`,
        ...(how.short !== undefined && { short: `-${how.short}` }),
        help: how.help,
        ...(how.type === 'string' && {
          values: how.values === undefined ? valueWords(how.value, option) : [...how.values],
        }),
      })),
      help,
    ],
    values: valueWords(values?.join('|') ?? positionals),
  }));
}

/** The first words of all commands, `help` among them. */
export function firstWords(table: readonly CompletedCommand[]): NextWord[] {
  const words = new Map<string, string[]>();
  for (const { name, summary } of table) {
    const [first = '', ...more] = name.split(' ');
    words.set(first, [...(words.get(first) ?? []), more.length === 0 ? summary : more.join(' ')]);
  }
  const found = [...words].map(([word, [help = '']]) => ({
    word,
    help: table.some(({ name }) => name === word) ? help : (words.get(word) ?? []).join(', '),
  }));
  return [...found, { word: 'help', help: 'explain a command' }];
}

/** The second words of commands, by the first one. */
export function secondWords(table: readonly CompletedCommand[]): Map<string, NextWord[]> {
  const groups = new Map<string, NextWord[]>();
  for (const { name, summary } of table) {
    const [first = '', second] = name.split(' ');
    if (second !== undefined) groups.set(first, [...(groups.get(first) ?? []), { word: second, help: summary }]);
  }
  return groups;
}

/** A text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
