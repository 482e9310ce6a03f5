import type { Command } from './command.ts';
import type { CommandEntry } from './commands/index.ts';
import type { Style } from './output/style.ts';

/** `windlass --help`: one screen. */
export function overview(entries: CommandEntry[], style: Style): string {
  const width = Math.max(...entries.map((entry) => entry.name.length));
  return [
    `${style.bold('windlass COMMAND [OPTIONS]')}: GitOps for Kubernetes on AWS`,
    '',
    style.bold('Commands'),
    ...entries.map((entry) => `  ${entry.name.padEnd(width)}  ${entry.summary}`),
    '',
    style.bold('Everywhere'),
    '  --help, -h     what a command reads, prints and returns, with examples',
    '  --json         the same as JSON, on every command that reads',
    '  --version      the version',
    '',
    'Exit codes: 0 fine, 1 there are differences, 2 your input is wrong, 3 a failure.',
    'Colours only on a terminal; NO_COLOR=1 switches them off.',
    '',
  ].join('\n');
}

/** `windlass COMMAND --help`. */
export function commandHelp(command: Command, style: Style): string {
  const rows = Object.entries(command.options).map(([name, option]): [string, string] => {
    const short = option.short === undefined ? '' : `, -${option.short}`;
    const value = option.type === 'string' ? ` ${option.value ?? 'VALUE'}` : '';
    return [`--${name}${short}${value}`, `${option.help}${option.required ? ' (required)' : ''}`];
  });
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  const positionals = command.positionals === undefined ? '' : ` ${command.positionals}`;
  return [
    `${style.bold(`windlass ${command.name}`)}: ${command.summary}`,
    '',
    `${style.bold('Usage')}  windlass ${command.name}${positionals}${rows.length > 0 ? ' [OPTIONS]' : ''}`,
    ...(command.details === undefined ? [] : ['', command.details.trim()]),
    ...(rows.length === 0 ? [] : ['', style.bold('Options')]),
    ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`),
    '',
    style.bold('Examples'),
    ...command.examples.map((example) => `  ${example}`),
    '',
  ].join('\n');
}
